// The widget in sites made with other tools. SITE_URL serves them all, SITES is their folder.
import assert from 'node:assert/strict';
import { readFile, mkdir } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { after, before, test } from 'node:test';
import puppeteer from 'puppeteer-core';
import { Widget } from '../lib/book.mjs';
import { SITE, useBrowser } from '../lib/browser.mjs';

const open = useBrowser();
const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
/** Where pictures to look at go, if anybody wants them. */
const SHOTS = process.env.SHOTS;

/** The sites; `dark` turns the page dark with the page's own switch. */
const HOSTS = {
  html: { path: 'html/index.html', dark: (page) => page.click('#switch') },
  mdbook: {
    path: 'mdbook/pool.html',
    dark: async (page) => {
      await page.click('#mdbook-theme-toggle');
      await page.click('#mdbook-theme-navy');
    },
  },
  sphinx: {
    path: 'sphinx/index.html',
    dark: async (page) => {
      const turn = page.locator('.theme-toggle:visible').first();
      while ((await page.locator('body').getAttribute('data-theme')) !== 'dark') await turn.click();
    },
  },
  mkdocs: { path: 'mkdocs/', dark: (page) => page.locator('label[title=Dark]').click() },
  docusaurus: {
    path: 'docusaurus/',
    dark: async (page) => {
      const turn = page.locator('button[class*=toggleButton]').first();
      while ((await page.locator('html').getAttribute('data-theme')) !== 'dark') await turn.click();
    },
  },
  vite: { path: 'vite/index.html' },
};

async function live(page, n = 0) {
  const host = page.locator('pool-scope').nth(n);
  // A page that is changed in place may still show the element of the page before.
  for (let again = 5; ; again--) {
    await host.evaluate((element) => element.scrollIntoView());
    const shown = host.locator('[part=timeline]').waitFor({ timeout: 3_000 });
    if (await shown.then(() => true, (error) => again === 0 && Promise.reject(error))) return new Widget(host);
  }
}

/** Light (1) or dark (0), and by how much text stands out, as WCAG counts. @param {Widget} widget */
const colours = ({ host }) =>
  host.evaluate((element) => {
    const canvas = new OffscreenCanvas(1, 1).getContext('2d', { willReadFrequently: true });
    const light = (colour) => {
      canvas.clearRect(0, 0, 1, 1);
      canvas.fillStyle = colour;
      canvas.fillRect(0, 0, 1, 1);
      const [r, g, b] = [...canvas.getImageData(0, 0, 1, 1).data].map((v) => (v / 255 <= 0.04045 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4));
      return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const { backgroundColor, color } = getComputedStyle(element.shadowRoot.querySelector('.widget'));
    const [back, fore] = [light(backgroundColor), light(color)];
    return { back, contrast: (Math.max(back, fore) + 0.05) / (Math.min(back, fore) + 0.05) };
  });

/** What the package calls the wasm modules among these: a site's build may have kept those of another package. */
async function modules(requests) {
  const bytes = async (url) => Buffer.from(await (await fetch(url)).arrayBuffer());
  const names = ['poolscope_app_bg.wasm', 'poolscope_headless_bg.wasm', 'poolscope_studio_bg.wasm'];
  const packed = await Promise.all(names.map((name) => bytes(`${SITE}package/${name}`)));
  const served = await Promise.all([...new Set(requests)].filter((url) => url.endsWith('.wasm')).map(bytes));
  return served.map((module) => names[packed.findIndex((own) => own.equals(module))]).sort();
}

async function shoot(page, name) {
  if (!SHOTS) return;
  await mkdir(SHOTS, { recursive: true });
  await page.screenshot({ path: `${SHOTS}/${name}.png` });
}

for (const [name, { path, dark }] of Object.entries(HOSTS)) {
  test(`${name}: the widget works, without a word in the console`, async (t) => {
    const { page, problems, requests } = await open(t);
    await page.goto(SITE + path);
    const widget = await live(page);
    assert.match(await widget.outcome.textContent(), /2013/);
    await widget.type('pool_recycle', 5);
    assert.match(await widget.outcome.textContent(), /served\.$/);
    await page.waitForLoadState('networkidle');
    assert.deepEqual(problems, []);
    assert.deepEqual(requests.filter((url) => !url.startsWith(SITE) && !url.startsWith('data:')), []);
    assert.deepEqual(await modules(requests), ['poolscope_app_bg.wasm', 'poolscope_headless_bg.wasm']);
    await shoot(page, `${name}-light`);
  });

  test(`${name}: nothing for axe to find`, async (t) => {
    const { page } = await open(t);
    await page.goto(SITE + path);
    const { host } = await live(page);
    await page.evaluate(axe).catch(() => page.addScriptTag({ content: axe }));
    const found = await host.evaluate(async (element) => (await window.axe.run(element)).violations.map(({ id, nodes }) => `${id}: ${nodes.map((n) => n.html).join(' ')}`));
    assert.deepEqual(found, []);
  });

  if (dark) {
    test(`${name}: the theme follows the page's switch`, async (t) => {
      const { page } = await open(t);
      await page.goto(SITE + path);
      const widget = await live(page);
      const before = await colours(widget);
      assert.ok(before.back > 0.6 && before.contrast > 7, `light: ${JSON.stringify(before)}`);
      await dark(page);
      await page.waitForTimeout(400);
      const after = await colours(widget);
      assert.ok(after.back < 0.2 && after.contrast > 7, `dark: ${JSON.stringify(after)}`);
      await widget.host.evaluate((element) => element.scrollIntoView());
      await shoot(page, `${name}-dark`);
      await page.setViewportSize({ width: 390, height: 844 });
      await widget.host.evaluate((element) => element.scrollIntoView());
      await page.waitForTimeout(200);
      await shoot(page, `${name}-phone`);
    });
  }
}

for (const name of ['html', 'mdbook', 'mkdocs', 'docusaurus']) {
  test(`${name}: keys in the widget are the widget's, keys outside are the page's`, async (t) => {
    const { page } = await open(t);
    await page.goto(SITE + HOSTS[name].path);
    const widget = await live(page);
    const [url, title] = [page.url(), await page.title()];
    const now = widget.host.locator('output.now');
    const start = await now.textContent();
    for (const key of ['ArrowRight', 'ArrowLeft', 'ArrowRight', 's', '/', 'n', 'p', 'f', '.', ',', '?', 'End']) await widget.timeline.press(key);
    await page.waitForTimeout(300);
    assert.equal(page.url(), url);
    assert.equal(await page.title(), title);
    assert.notEqual(await now.textContent(), start);
    assert.ok(await widget.host.evaluate((element) => element.matches(':focus-within, :focus')), 'the focus stays in the widget');

    await widget.host.evaluate(() => document.activeElement.blur());
    await page.evaluate(() => document.body.focus());
    if (name === 'html') {
      await page.keyboard.press('ArrowRight');
      assert.equal(await page.title(), `${title} ArrowRight`);
    } else if (name === 'mdbook') {
      await page.keyboard.press('ArrowRight');
      await page.waitForURL('**/deep/more.html');
      await live(page);
    } else if (name === 'mkdocs') {
      await page.keyboard.press('n');
      await page.waitForURL('**/second/**');
      await live(page);
    }
  });
}

for (const [name, next] of [['mkdocs', 'Next'], ['docusaurus', 'Next']]) {
  test(`${name}: the widget comes with pages that are loaded in place`, async (t) => {
    const { page, problems, requests } = await open(t);
    await page.goto(SITE + HOSTS[name].path);
    await (await live(page)).type('pool_recycle', 5);
    await page.evaluate(() => (window.same = true));
    await page.locator('main, article').getByRole('link', { name: next, exact: true }).first().click();
    await page.waitForURL('**/second**');
    const second = await live(page);
    assert.match(await second.outcome.textContent(), /1040|QueuePool/);
    assert.equal(await page.locator('pool-scope').count(), 1);
    await page.goBack();
    const first = await live(page);
    assert.match(await first.outcome.textContent(), /2013|served/);
    assert.equal(await page.evaluate(() => window.same), true, 'the page was not loaded anew');
    // One shows runs, one makes those with a turned knob.
    assert.equal(requests.filter((url) => url.endsWith('.wasm')).length, 2);
    assert.deepEqual(problems, []);
  });
}

test('mdbook: the short form works in a folder and on the page for printing', async (t) => {
  const { page, problems } = await open(t);
  await page.goto(`${SITE}mdbook/deep/more.html`);
  await live(page);
  await page.addInitScript(() => (window.print = () => {}));
  await page.goto(`${SITE}mdbook/print.html`);
  await live(page, 1);
  assert.deepEqual(problems, []);
});

test('sphinx and mkdocs: other settings are drawn and run; pages without a widget load nothing of it', async (t) => {
  const { page, requests } = await open(t, { javaScriptEnabled: false });
  for (const path of ['sphinx/index.html', 'mkdocs/index.html']) {
    await page.goto(SITE + path);
    assert.equal(await page.locator('pool-scope').count(), 2);
    assert.equal(await page.locator('pool-scope svg').count(), 2);
    assert.match(await page.locator('pool-scope').nth(1).innerText(), /served\./);
  }
  assert.match(await page.locator('main').innerText(), /shown, not run/);
  requests.length = 0;
  await page.goto(`${SITE}sphinx/plain.html`);
  assert.deepEqual(requests.filter((url) => url.includes('poolscope')), []);
});

test('from the disk: one file, no server', async (t) => {
  const { page, problems, requests } = await open(t);
  await page.goto(`file://${process.env.SITES}/html/single.html`);
  for (const n of [0, 1]) assert.match(await (await live(page, n)).outcome.textContent(), /failed \(/);
  assert.deepEqual(problems, []);
  assert.deepEqual(requests.filter((url) => !url.startsWith('file:') && !url.startsWith('data:')), []);
});

test('vite: types, events, headless', async (t) => {
  const { page } = await open(t);
  await page.goto(`${SITE}vite/index.html`);
  await (await live(page)).type('pool_recycle', 5);
  await page.waitForFunction(() => document.body.dataset.failed === '0' && document.body.dataset.headless);
  assert.deepEqual(await page.evaluate(() => [document.body.dataset.headless, document.body.dataset.knobs]), ['0 failed, true', '{"engine.pool_pre_ping":false,"engine.pool_recycle":5}']);
});

let firefox;
before(async () => {
  firefox = await puppeteer.launch({ browser: 'firefox', executablePath: process.env.FIREFOX, headless: true });
});
after(() => firefox?.close());

test('html in Firefox: works, follows the theme, says nothing', async () => {
  const page = await firefox.newPage();
  const problems = [];
  page.on('console', (message) => ['error', 'warn'].includes(message.type()) && problems.push(message.text()));
  page.on('pageerror', (error) => problems.push(error.message));
  await page.goto(`${SITE}html/index.html`);
  const run = (act) => page.evaluate(act);
  await page.waitForFunction(() => document.querySelector('pool-scope').shadowRoot?.querySelector('[part=outcome] strong')?.textContent.includes('2013'));
  await run(() => {
    const field = document.querySelector('pool-scope').shadowRoot.querySelector('input[type=number]');
    field.value = '5';
    field.dispatchEvent(new Event('input', { bubbles: true, composed: true }));
  });
  await page.waitForFunction(() => /served\.$/.test(document.querySelector('pool-scope').shadowRoot.querySelector('[part=outcome] strong').textContent));
  const background = () => getComputedStyle(document.querySelector('pool-scope').shadowRoot.querySelector('.widget')).backgroundColor;
  assert.equal(await run(background), 'rgb(255, 255, 255)');
  await run(() => document.querySelector('#switch').click());
  assert.equal(await run(background), 'rgb(23, 25, 28)');
  assert.deepEqual(problems, []);
});

test('custom-elements.json lists the attributes and parts that there are', async (t) => {
  const { page } = await open(t);
  await page.goto(`${SITE}html/index.html`);
  const { host } = await live(page);
  const { modules } = await (await fetch(`${SITE}package/custom-elements.json`)).json();
  const [{ attributes, cssParts }] = modules[0].declarations;
  const names = (/** @type {{ name: string }[]} */ list) => list.map(({ name }) => name).sort();
  const known = await page.evaluate(async (url) => (await import(url)).ATTRIBUTES, `${SITE}html/poolscope/pool-scope.js`);
  assert.deepEqual(names(attributes), [...known, 'loading', 'recording'].sort());
  const parts = await host.evaluate((element) => [...element.shadowRoot.querySelectorAll('[part]')].map((e) => e.part.value));
  assert.deepEqual(names(cssParts), [...parts, 'comparison', 'tools'].sort());
});
