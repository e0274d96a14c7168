// The widget as a guest on other people's pages.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SITE, useBrowser } from './lib/browser.mjs';
/** @typedef {import('./lib/book.mjs').Widget} Widget */
import { ELEMENT, PICTURE, SCRIPT, element, isStatic, listen, live, show } from './lib/guest.mjs';

const open = useBrowser();
const CSP = "default-src 'none'; connect-src 'self'; img-src data:; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'";

/** Every violation of the page's policy, from the beginning. */
async function violations(page) {
  await page.addInitScript(() => {
    window.violations = [];
    addEventListener('securitypolicyviolation', (e) => window.violations.push(`${e.effectiveDirective} ${e.blockedURI} ${e.sample}`), true);
  });
  return () => page.evaluate(() => window.violations);
}

test('a strict content security policy is kept', async (t) => {
  const { page, problems } = await open(t);
  const violated = await violations(page);
  await show(page, element(), { head: `<link rel="stylesheet" href="${SITE}poolscope/poolscope.css">${SCRIPT}`, headers: { 'Content-Security-Policy': CSP } });
  const widget = await live(page);
  await widget.type('pool_recycle', 5);
  await widget.button('Why?').click();
  await widget.timeline.press('End');
  await widget.timeline.press('+');
  await widget.timeline.hover();
  assert.deepEqual(await violated(), []);
  assert.deepEqual(problems, []);
});

test('a policy without wasm: the picture stays', async (t) => {
  const { page } = await open(t);
  await show(page, element(), { head: SCRIPT, headers: { 'Content-Security-Policy': CSP.replace("'wasm-unsafe-eval'", '') } });
  await isStatic(page, /Not interactive here \(.*(WebAssembly|Content Security Policy).*\)/);
});

for (const [how, answer, reason] of [
  ['404', { status: 404, body: '' }, /poolscope_app_bg\.wasm: 404/],
  ['a page instead of the module', { contentType: 'text/html', body: '<!doctype html><title>Not found</title>' }, /WebAssembly/],
  ['an empty answer', { contentType: 'application/wasm', body: '' }, /WebAssembly/],
]) {
  test(`the module is ${how}: the picture stays`, async (t) => {
    const { page } = await open(t);
    const events = await listen(page);
    await page.route('**/*.wasm', (route) => route.fulfill(answer));
    await show(page, element(), { head: SCRIPT });
    await isStatic(page, reason);
    const [{ detail }] = await events.next('error');
    assert.match(detail.message, reason);
  });
}

test('a module of the wrong type is a module all the same', async (t) => {
  const { page, problems } = await open(t);
  await page.route('**/*.wasm', async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, headers: { ...response.headers(), 'content-type': 'application/octet-stream' } });
  });
  await show(page, element(), { head: SCRIPT });
  await live(page);
  assert.deepEqual(problems, []);
});

test('without WebAssembly the picture stays', async (t) => {
  const { page } = await open(t);
  await page.addInitScript(() => delete globalThis.WebAssembly);
  await show(page, element(), { head: SCRIPT });
  await isStatic(page, /WebAssembly/);
});

test('in a browser that does not know the states of an element the widget works all the same', async (t) => {
  const { page, problems } = await open(t);
  await page.addInitScript(() => {
    const { add } = CustomStateSet.prototype;
    // As it was before Chrome 125, and a style sheet then leaves out what it cannot read.
    CustomStateSet.prototype.add = function (state) {
      if (!state.startsWith('--')) throw new DOMException('The identifier must begin with --.', 'SyntaxError');
      return add.call(this, state);
    };
    const { replaceSync } = CSSStyleSheet.prototype;
    CSSStyleSheet.prototype.replaceSync = function (text) {
      return replaceSync.call(this, text.replace(/[^{}]*:state\([^{}]*\{[^{}]*\}/g, ''));
    };
  });
  await show(page, element(), { head: SCRIPT });
  const widget = await live(page);
  assert.match((await widget.outcome.textContent()) ?? '', /2013/);
  await widget.type('pool_recycle', 5);
  assert.match((await widget.outcome.textContent()) ?? '', /12 served\.$/);
  assert.equal(await widget.host.getByRole('img', { name: 'static picture' }).isVisible(), false);
  assert.deepEqual(problems, []);
});

for (const [what, remove] of /** @type {[string, () => void][]} */ ([
  ['attachInternals', () => delete HTMLElement.prototype.attachInternals],
  ['adoptedStyleSheets', () => delete Document.prototype.adoptedStyleSheets],
])) {
  test(`in a browser without ${what} the picture stays`, async (t) => {
    const { page, problems } = await open(t);
    await page.addInitScript(remove);
    await show(page, element(), { head: SCRIPT });
    await page.waitForLoadState('networkidle');
    assert.ok(await page.getByRole('img', { name: 'static picture' }).isVisible());
    assert.deepEqual(problems, []);
  });
}

test('a failure of the network is not for ever', async (t) => {
  const { page } = await open(t);
  let down = true;
  await page.route('**/*.wasm', (route) => (down ? route.abort() : route.continue()));
  await show(page, element(), { head: SCRIPT });
  await isStatic(page, /fetch/);
  down = false;
  await page.locator('pool-scope').evaluate((host) => host.parentNode.append(host.cloneNode(true)));
  await live(page, 1);
});

for (const order of ['older first', 'newer first']) {
  test(`two versions on a page, ${order}: the newer one serves all`, async (t) => {
    const { page, requests, problems } = await open(t);
    await page.route('**/newer/**', async (route) => {
      const response = await route.fetch({ url: route.request().url().replace('/newer/', '/poolscope/') });
      const body = (await response.body()).toString('latin1');
      const isElement = route.request().url().endsWith('pool-scope.js');
      if (isElement) assert.ok(/"\d+\.\d+\.\d+"/.test(body), 'the file says its version');
      const changed = isElement ? body.replace(/"\d+\.\d+\.\d+"/, '"99.0.0"') : body;
      await route.fulfill({ response, body: Buffer.from(changed, 'latin1') });
    });
    const newer = `${SITE}newer/pool-scope.js`;
    const files = order === 'older first' ? [ELEMENT, newer] : [newer, ELEMENT];
    await show(page, element() + element(), { head: `<script type="module" src="${files[0]}"></script>` });
    const first = await live(page);
    await first.type('pool_recycle', 6);
    requests.length = 0;
    await page.evaluate((url) => import(url), files[1]);
    await page.evaluate((html) => document.body.insertAdjacentHTML('beforeend', html), element('scenario="sessions-never-closed" loading="eager"'));
    await live(page, 2);
    const modules = requests.filter((url) => url.endsWith('.wasm'));
    // It shows runs, and makes the one with the turned knob.
    const own = ['app', 'headless'].map((name) => `${SITE}newer/poolscope_${name}_bg.wasm`);
    assert.deepEqual(modules.sort(), order === 'older first' ? own : []);
    // What the reader did is still there.
    const field = page.locator('pool-scope').first().getByRole('spinbutton', { name: /^pool_recycle\b/ });
    await field.waitFor();
    assert.equal(await field.inputValue(), '6');
    assert.equal(await page.locator('pool-scope').first().locator('[part=widget]').count(), 1);
    assert.deepEqual(problems, []);
  });
}

test('a crash restores the picture of its widget, says where to see it again, and leaves the others alive', async (t) => {
  const { page, requests } = await open(t);
  const events = await listen(page);
  await page.addInitScript(() => {
    const { instantiate } = WebAssembly;
    window.instances = [];
    WebAssembly.instantiate = async (module, imports) => {
      const state = { broken: false };
      const breaking = (/** @type {Function} */ call) => (/** @type {unknown[]} */ ...values) => {
        if (state.broken) throw new WebAssembly.RuntimeError('memory access out of bounds');
        return call(...values);
      };
      const wrapped = (/** @type {WebAssembly.ModuleImports} */ calls) =>
        Object.fromEntries(Object.entries(calls).map(([name, call]) => [name, typeof call === 'function' ? breaking(call) : call]));
      const result = await instantiate.call(WebAssembly, module, Object.fromEntries(Object.entries(imports).map(([name, calls]) => [name, wrapped(calls)])));
      const instance = result.instance ?? result;
      // Not the simulator's.
      if (instance.exports.mount) window.instances.push(state);
      return result;
    };
  });
  const body = ['one', 'two', 'three'].map((id) => element(`id="${id}" loading="eager" scenario="recycle-above-wait-timeout"`)).join('');
  await show(page, body, { head: SCRIPT });
  const widgets = [await live(page, 0), await live(page, 1), await live(page, 2)];
  await widgets[1].type('pool_recycle', 7);
  await widgets[1].timeline.press('End');
  await widgets[0].type('wait_timeout', 20);
  assert.equal(await page.evaluate(() => window.instances.length), 1);

  // Whatever the module asks of the page next ends it in the middle of something. (Nonsense in its memory does so only mostly.)
  // In one breath with the click, so that no observer of another widget finds out first.
  await page.evaluate(() => {
    window.instances[0].broken = true;
    document.querySelector('#one').shadowRoot.querySelector('[type=checkbox]').click();
  });
  await isStatic(page, /Not interactive here \(crashed: /);

  for (const n of [1, 2]) await live(page, n);
  assert.equal(await page.evaluate(() => window.instances.length), 2);
  assert.equal(requests.filter((url) => url.endsWith('app_bg.wasm')).length, 1, 'the module is fetched once');
  const second = page.locator('#two').getByRole('spinbutton', { name: /^pool_recycle\b/ });
  assert.equal(await second.inputValue(), '7');
  await widgets[1].type('pool_recycle', 5);

  const errors = await events.next('error');
  assert.deepEqual(errors.map(({ id }) => id), ['one']);
  const { link, message } = errors[0].detail;
  assert.match(message, /^crashed: /);
  await page.goto(link);
  const again = await live(page);
  assert.equal(await again.host.getByRole('spinbutton', { name: /^wait_timeout\b/ }).inputValue(), '20');
});

test('a panic: the same, by a build in which a run with the seed 666 panics', async (t) => {
  const { page } = await open(t);
  const events = await listen(page);
  for (const [name, type] of [['poolscope_app.js', 'text/javascript'], ['poolscope_app_bg.wasm', 'application/wasm']]) {
    await page.route(`**/${name}`, (route) => route.fulfill({ path: `${process.env.CRASH}/${name}`, contentType: type }));
  }
  const body = ['one', 'two', 'three', 'born'].map((id) => element(`id="${id}" loading="eager" scenario="recycle-above-wait-timeout"${id === 'born' ? ' seed="666"' : ''}`));
  await show(page, body.join(''), { head: SCRIPT });
  // It is born crashing, and the others do not mind.
  await isStatic(page, /Not interactive here \(crashed: unreachable/, 3);
  const [one, two] = [await live(page, 0), await live(page, 1)];
  await live(page, 2);
  await two.type('pool_recycle', 7);
  assert.deepEqual((await events.next('error')).map(({ id }) => id), ['born']);

  // An attribute of the page, as it could be a knob.
  await one.host.evaluate((host) => host.setAttribute('seed', '666'));
  await isStatic(page, /Not interactive here \(crashed: unreachable/, 0);
  for (const n of [1, 2]) await live(page, n);
  await isStatic(page, /crashed/, 3);
  assert.equal(await page.locator('#two').getByRole('spinbutton', { name: /^pool_recycle\b/ }).inputValue(), '7');
  await two.type('pool_recycle', 5);
  assert.match(await two.outcome.textContent(), /12 served/);
  // Mended by whoever caused it.
  await page.locator('#one').evaluate((host) => host.setAttribute('seed', '2'));
  await live(page, 0);

  const errors = await page.evaluate(() => window.told.filter((event) => event.type === 'error'));
  assert.deepEqual(errors.map(({ id }) => id), ['born', 'one']);
  for (const { detail } of errors) {
    await page.goto(detail.link);
    await page.locator('pool-scope [part=note]').filter({ hasText: 'crashed: unreachable' }).waitFor();
  }
});

test('a simulator that crashes is replaced, and the widget keeps its run', async (t) => {
  const { page } = await open(t);
  const events = await listen(page);
  await page.addInitScript(() => {
    const { instantiate } = WebAssembly;
    window.simulators = [];
    WebAssembly.instantiate = async (...values) => {
      const result = await instantiate.apply(WebAssembly, values);
      const instance = result.instance ?? result;
      if (instance.exports.record) window.simulators.push(instance);
      return result;
    };
  });
  await show(page, element(), { head: SCRIPT });
  const widget = await live(page);
  await widget.type('pool_recycle', 29);
  const before = await widget.outcome.textContent();
  await page.evaluate(() => new Uint8Array(window.simulators[0].exports.memory.buffer).fill(0xfe));
  await widget.host.getByRole('checkbox', { name: 'pool_pre_ping' }).click({ noWaitAfter: true });
  const [{ detail }] = await events.next('error');
  assert.match(detail.message, /unreachable|out of bounds|indirect call|null function/);
  assert.equal(await widget.outcome.textContent(), before);
  assert.equal(await widget.host.getByRole('checkbox', { name: 'pool_pre_ping' }).isChecked(), false, 'the knob is where it was');
  await widget.switch('pool_pre_ping');
  assert.equal(await page.evaluate(() => window.simulators.length), 2);
  assert.match(before, /2013/);
  assert.doesNotMatch(await widget.outcome.textContent(), /2013/);
});

test('a run that is not of this scenario is not shown as its run', async (t) => {
  const { page } = await open(t);
  const other = await (await fetch(`${SITE}poolscope/scenarios/sessions-never-closed.run`)).text();
  const scenario = await (await fetch(`${SITE}poolscope/scenarios/recycle-above-wait-timeout.json`)).text();
  for (const recording of [other, 'nonsense', `${other.slice(0, 8)}:AAAA`, '']) {
    await show(page, '<pool-scope></pool-scope>', { head: SCRIPT });
    await page.evaluate(([scenario, recording]) => {
      const host = document.querySelector('pool-scope');
      host.setAttribute('recording', recording);
      host.setAttribute('scenario', scenario);
      host.setAttribute('loading', 'eager');
    }, [scenario, recording]);
    const widget = await live(page);
    assert.match(await widget.outcome.textContent(), /2013/);
  }
});

test('a page that moves elements moves a widget as it is; one that makes them anew gets a new one', async (t) => {
  const { page, problems } = await open(t);
  await show(page, `<div id="a">${element()}</div><div id="b"></div>`, { head: SCRIPT });
  const widget = await live(page);
  await widget.type('pool_recycle', 7);
  await page.evaluate(() => document.querySelector('#b').append(document.querySelector('pool-scope')));
  await page.waitForTimeout(50);
  assert.equal(await widget.host.getByRole('spinbutton', { name: /^pool_recycle\b/ }).inputValue(), '7');

  for (let n = 0; n < 3; n++) {
    await page.evaluate(() => {
      const main = document.querySelector('#b');
      const html = main.innerHTML;
      main.textContent = '';
      main.innerHTML = html;
    });
    await (await live(page)).type('pool_recycle', 8 + n);
    assert.equal(await page.locator('pool-scope [part=widget]').count(), 1);
  }

  // Gone and back, as a router with a cache does.
  await page.evaluate(async () => {
    const host = document.querySelector('pool-scope');
    host.remove();
    await new Promise((resolve) => setTimeout(resolve, 50));
    document.querySelector('#a').append(host);
  });
  await (await live(page)).type('pool_recycle', 5);
  assert.deepEqual(problems, []);
});

test("the page's styles do not reach the widget, the widget's not the page", async (t) => {
  const { page } = await open(t);
  const head = `${SCRIPT}<style>
    * { color: red; font-size: 40px; margin: 20px; padding: 20px; border: 5px solid; box-sizing: content-box; }
    div, p, svg, button, input, select, pre { display: block !important; position: absolute !important; width: 900px !important; float: right; }
    .widget, .outcome, .stage, [part] { display: none !important; }
  </style>`;
  await show(page, `<p class="widget" id="own">text</p><button class="play">Mine</button>${element('scenario="recycle-above-wait-timeout" style="width:700px"')}`, { head });
  const before = await page.evaluate(() => JSON.stringify(['#own', '.play'].map((s) => ({ ...getComputedStyle(document.querySelector(s)) }))));
  const widget = await live(page);
  const { size, inside } = await widget.host.evaluate((host) => {
    const button = host.shadowRoot.querySelector('button');
    const { display, position, fontSize, borderTopWidth } = getComputedStyle(button);
    return { size: host.shadowRoot.querySelector('[part=timeline]').getBoundingClientRect().width, inside: { display, position, fontSize, borderTopWidth } };
  });
  assert.ok(size > 400 && size < 760, `the timeline is ${size} px wide`);
  assert.notEqual(inside.position, 'absolute');
  assert.notEqual(inside.borderTopWidth, '5px');
  const after = await page.evaluate(() => JSON.stringify(['#own', '.play'].map((s) => ({ ...getComputedStyle(document.querySelector(s)) }))));
  assert.equal(after, before);
});

test('no globals but the elements; no listener on the document, and on the window only for a link to a run', async (t) => {
  const { page } = await open(t);
  await page.addInitScript(() => {
    window.heard = [];
    for (const target of [window, document]) {
      const { addEventListener } = target;
      target.addEventListener = function (type, ...rest) {
        if (new Error().stack.includes('pool')) window.heard.push(type);
        return addEventListener.call(this, type, ...rest);
      };
    }
    window.before = Object.getOwnPropertyNames(window);
  });
  await show(page, element(), { head: SCRIPT });
  const widget = await live(page);
  await widget.timeline.press('ArrowRight');
  await widget.timeline.hover();
  await widget.button('Play').click();
  const { added, heard } = await page.evaluate(() => ({
    added: Object.getOwnPropertyNames(window).filter((name) => !window.before.includes(name) && name !== 'before' && name !== 'heard'),
    heard: window.heard,
  }));
  assert.deepEqual(added, []);
  assert.deepEqual(heard, ['hashchange']);
});

test("the page's keys stay the page's, and its listeners do not hear the widget's events", async (t) => {
  const { page } = await open(t);
  await show(page, `<button id="mine">Mine</button>${element()}`, { head: SCRIPT });
  const widget = await live(page);
  await page.evaluate(() => {
    window.keys = [];
    window.events = [];
    document.addEventListener('keydown', (event) => window.keys.push(event.key));
    for (const type of ['load', 'change', 'error', 'seek', 'outcome']) document.addEventListener(type, () => window.events.push(type));
  });
  const outcome = await widget.outcome.textContent();
  await page.locator('#mine').focus();
  for (const key of ['ArrowRight', 's', '/', ' ', 'Home', 'p', '+']) await page.keyboard.press(key);
  assert.deepEqual(await page.evaluate(() => window.keys), ['ArrowRight', 's', '/', ' ', 'Home', 'p', '+']);
  assert.equal(await widget.outcome.textContent(), outcome);
  await widget.type('pool_recycle', 5);
  await widget.timeline.press('ArrowRight');
  assert.deepEqual(await page.evaluate(() => [window.keys.length, window.events]), [7, []]);
});

test('hostile values are text, wherever they come from', async (t) => {
  const { page } = await open(t);
  await page.addInitScript(() => (window.ran = () => (window.hacked = true)));
  const evil = `<img src=x onerror=ran()><script>ran()</script>"'><svg onload=ran()>`;
  const attribute = evil.replaceAll('&', '&amp;').replaceAll('"', '&quot;');
  const good = await (await fetch(`${SITE}poolscope/scenarios/recycle-above-wait-timeout.json`)).json();
  good.title = good.summary = { en: evil };
  good.process[0].name = evil;
  good.knob[0].label = evil;
  good.programs.handler.label = evil;
  await page.route('**/evil.json', (route) => route.fulfill({ contentType: 'application/json', body: JSON.stringify(good) }));
  await page.route('**/evil.html', (route) => route.fulfill({ contentType: 'text/html', body: evil }));
  const json = JSON.stringify(good).replaceAll('&', '&amp;').replaceAll('"', '&quot;');
  const values = [
    `scenario="${json}" id="${attribute}"`,
    'scenario="/evil.json"',
    'scenario="/evil.html"',
    `scenario="${attribute}"`,
    'scenario="javascript:ran()"',
    'scenario="data:text/html,<script>ran()</script>"',
    'scenario="https://"',
    'scenario="__proto__"',
    'scenario="{}"',
    ...['at', 'compare', 'lang', 'theme', 'driver', 'pool-recycle', 'seed', 'knobs', 'controls'].map((name) => `scenario="recycle-above-wait-timeout" ${name}="${attribute}"`),
    `scenario="recycle-above-wait-timeout" knobs="{&quot;${attribute.replaceAll('&quot;', '')}&quot;: 1}"`,
  ];
  await show(page, values.map((value) => element(`${value} loading="eager"`)).join(''), { head: SCRIPT });
  await page.waitForFunction(() => [...document.querySelectorAll('pool-scope')].every((host) => host.matches(':state(live), :state(static)')));
  for (let n = 0; n < 2; n++) {
    const widget = await live(page, n);
    assert.ok((await widget.host.evaluate((host) => host.shadowRoot.textContent)).includes('onerror=ran()'), 'the text is shown as text');
  }
  await page.waitForTimeout(100);
  const found = await page.evaluate(() => {
    const roots = [document, ...[...document.querySelectorAll('pool-scope')].map((host) => host.shadowRoot)];
    return { hacked: window.hacked, elements: roots.flatMap((root) => [...root.querySelectorAll('img, script:not([type=module]), [onload], [onerror]')].map((e) => e.outerHTML)) };
  });
  assert.deepEqual(found, { hacked: undefined, elements: [] });
});

test('the page for an iframe takes its address as attributes, and as nothing else', async (t) => {
  const { page, problems } = await open(t);
  const violated = await violations(page);
  const query = new URLSearchParams({ scenario: 'recycle-above-wait-timeout', 'pool-recycle': '5', lang: 'zh-CN', theme: 'dark', onload: 'ran()', style: 'color:red' });
  // From the start: the widget may be there before the page has loaded.
  await page.addInitScript(() => addEventListener('message', ({ data }) => {
    if (data.type === 'poolscope') document.querySelector('iframe').height = data.height;
  }));
  await show(page, `<iframe title="Poolscope" width="800" src="${SITE}poolscope/embed.html?${query}"></iframe>`);
  const host = page.frameLocator('iframe').locator('pool-scope');
  await host.locator('[part=timeline]').waitFor();
  await page.waitForFunction(() => document.querySelector('iframe').height > 600);
  assert.match(await host.locator('[part=outcome]').textContent(), /12 个请求：12 个成功/);
  assert.deepEqual(await host.evaluate((e) => e.getAttributeNames().sort()), ['lang', 'loading', 'pool-recycle', 'scenario', 'theme']);
  assert.deepEqual(await violated(), []);
  assert.deepEqual(problems, []);
});

test('the playground: a choice of scenarios, and a place for one of your own', async (t) => {
  const { page, problems } = await open(t);
  const head = `<script type="module" src="${SITE}poolscope/pool-playground.js"></script>`;
  await show(page, `<pool-playground scenarios="sessions-never-closed recycle-above-wait-timeout">${PICTURE}</pool-playground>`, { head, headers: { 'Content-Security-Policy': CSP } });
  const playground = page.locator('pool-playground');
  const outcome = playground.locator('pool-scope [part=outcome] strong');
  await outcome.waitFor();
  const choice = playground.getByRole('combobox', { name: 'Experiment' });
  assert.equal(await choice.locator('option').count(), 2);
  await choice.selectOption('sessions-never-closed');
  await outcome.filter({ hasText: '1040' }).waitFor();
  await choice.selectOption('recycle-above-wait-timeout');
  await outcome.filter({ hasText: '2013' }).waitFor();
  await playground.getByText('Your own scenario').click();
  const text = playground.getByRole('textbox', { name: 'Your own scenario' });
  const scenario = JSON.parse(await text.inputValue());
  scenario.engine.pool_pre_ping = true;
  await text.fill(JSON.stringify(scenario));
  await playground.getByRole('button', { name: 'Run' }).click();
  await outcome.filter({ hasText: /served\.$/ }).waitFor();
  await text.fill('{"seed": "<img src=x onerror=alert(1)>"}');
  await playground.getByRole('button', { name: 'Run' }).click();
  await playground.locator('[part=note]').filter({ hasText: '`seed` must be a whole number' }).waitFor();
  assert.deepEqual(problems, []);
});

/** What the comparison says. @param {Widget} widget */
async function compared(widget) {
  const panel = widget.host.locator('[part=comparison]');
  await panel.waitFor();
  assert.equal(await widget.picture.locator('path.part').count(), 1, 'the first difference is marked');
  return { text: await panel.locator('p, li').allTextContents(), rows: await panel.locator('tbody tr').allTextContents() };
}

test('compare: two runs of the same seed, where they part, and what each comes to', async (t) => {
  const { page, problems, requests } = await open(t);
  const violated = await violations(page);
  await show(page, element('scenario="recycle-above-wait-timeout" pool-recycle="5" compare'), { head: SCRIPT, headers: { 'Content-Security-Policy': CSP } });
  const widget = await live(page);
  const plain = await compared(widget);
  assert.match(plain.text.join('\n'), /First difference, \d.*\nbefore .*\nnow /);
  assert.match((await widget.host.locator('output.now').textContent()) ?? '', /^25/, 'where the run as it was fails');
  assert.ok(plain.rows.includes('engine.pool_recycle305'), plain.rows.join('\n'));
  assert.ok(plain.rows.some((row) => /^served1012.*better$/.test(row)), plain.rows.join('\n'));
  assert.ok((await widget.picture.getByText('before', { exact: true }).count()) > 2, 'lanes of both');
  assert.deepEqual(requests.filter((url) => url.endsWith('.wasm')).map((url) => url.replace(/.*\//, '')), ['poolscope_studio_bg.wasm']);

  // The reader goes on from there.
  await widget.type('pool_recycle', 20);
  assert.ok((await compared(widget)).rows.includes('engine.pool_recycle3020'));
  await widget.host.getByRole('checkbox', { name: /^Compare/ }).uncheck();
  assert.equal(await widget.host.locator('[part=comparison]').count(), 0);

  // With a run of other settings, and a link to that.
  await widget.host.evaluate((host) => host.setAttribute('compare', '{"pool_recycle": 60, "wait_timeout": 20}'));
  await page.waitForFunction(() => document.querySelector('pool-scope').shadowRoot.querySelector('[part=comparison]'));
  const other = await compared(widget);
  assert.deepEqual(other.rows.filter((row) => /^(engine|variables)\./.test(row)), ['engine.pool_recycle605', 'variables.wait_timeout2010']);
  await widget.button('Link to this moment').click();
  const link = await widget.host.locator('.taken').textContent();
  assert.match(link, /&engine\.pool_recycle=5&.*compare\.engine\.pool_recycle=60&compare\.variables\.wait_timeout=20&/);
  await widget.button('HTML').click();
  const again = (await widget.host.locator('.taken').textContent()) ?? '';
  assert.deepEqual(await violated(), []);
  assert.deepEqual(problems, []);

  await page.unroute('**/guest/page.html');
  await page.goto('about:blank');
  await show(page, element(), { head: `<script>location.hash = ${JSON.stringify(link)}</script>${SCRIPT}` });
  assert.deepEqual((await compared(await live(page))).rows, other.rows);

  // So does the element that was copied.
  await page.unroute('**/guest/page.html');
  await page.goto('about:blank');
  await show(page, again, { head: SCRIPT });
  assert.deepEqual((await compared(await live(page))).rows, other.rows);
});

test('compare: what is wrong with it is said, and without the tools the run is shown alone', async (t) => {
  const { page } = await open(t);
  const events = await listen(page);
  const wrong = ['{"engine.pool_sise": 5}', '{', '[]', '{"engine.pool_size": -4}', '{"x": {}}'];
  const body = wrong.map((value, n) => element(`scenario="recycle-above-wait-timeout" loading="eager" id="w${n}" compare='${value}'`));
  await show(page, body.join(''), { head: SCRIPT });
  for (const [n, reason] of [/did you mean `pool_size`/, /compare: .*JSON/, /compare: .*wrong type/, /pool_size/, /a knob is a number/].entries()) await isStatic(page, reason, n);
  assert.equal((await events.next('error')).length, wrong.length);

  await page.route('**/poolscope_studio_bg.wasm', (route) => route.fulfill({ status: 404, body: '' }));
  await page.unroute('**/guest/page.html');
  await show(page, element('scenario="recycle-above-wait-timeout" pool-recycle="5" compare'), { head: SCRIPT });
  const widget = await live(page);
  assert.match(await widget.outcome.textContent(), /^12 requests: 12 served/);
  assert.match((await events.next('error'))[0].detail.message, /poolscope_studio_bg\.wasm: 404/);
  assert.equal(await widget.host.getByRole('button', { name: 'More tools' }).count(), 0);
});

test('attributes choose what is shown', async (t) => {
  const { page } = await open(t);
  await show(page, element('scenario="recycle-above-wait-timeout" controls="outcome transport" theme="dark"'), { head: SCRIPT });
  const { host } = await live(page);
  const shown = await host.evaluate((host) => [...host.shadowRoot.querySelectorAll('[part]')].filter((e) => e.checkVisibility()).map((e) => e.part.value));
  assert.deepEqual(shown.sort(), ['outcome', 'timeline', 'transport', 'widget']);
  assert.equal(await host.evaluate((host) => getComputedStyle(host.shadowRoot.querySelector('.widget')).colorScheme), 'dark');
});
