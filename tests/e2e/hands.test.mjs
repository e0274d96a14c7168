// A run in a reader's hands: what the picture shows, and what mouse, fingers and buttons do to it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { address, widget } from './lib/book.mjs';
import { useBrowser } from './lib/browser.mjs';

const open = useBrowser();
const NAME = 'recycle-above-wait-timeout';

/** @typedef {import('./lib/book.mjs').Widget} Widget */

/** The widget with its tools. @param {import('playwright-core').Page} page */
async function studio(page, name = NAME) {
  await page.goto(address(name));
  const own = await widget(page);
  await own.button('More tools').click();
  await own.host.locator('[part=tools]').waitFor();
  return own;
}

/** Where the playhead stands, in microseconds. @param {Widget} own */
const now = async (own) => Number(await own.host.locator('input.scrubber').inputValue());
/** @param {Widget} own */
const sentence = async (own) => (await own.host.locator('.sentence').textContent()) ?? '';

test('three truths on one axis: lanes, clocks, limits, marks, and where two of them part', async (t) => {
  const { page } = await open(t);
  await page.goto(address(NAME));
  const dead = await widget(page);
  const classes = (own) => own.picture.locator('path').evaluateAll((all) => all.map((path) => path.getAttribute('class')));
  const of = await classes(dead);
  // Query and connect of the application; in the pool and dead; the server's sleep; both clocks; errors, invalidations, wait_timeout, links.
  for (const shape of ['qry', 'conn', 'in', 'dead', 'hatch', 'slp', 'fuse', 'err', 'inv', 'end', 'link', 'count', 'limit']) assert.ok(of.includes(shape), `${shape} of ${of}`);
  const heads = await dead.picture.locator('g.head text').allTextContents();
  assert.deepEqual(heads, ['Application', 'Pool', 'Server']);
  assert.ok((await dead.picture.locator('g.errs text').allTextContents()).includes('2013'), 'errors have their codes');
  await dead.switch('pool_pre_ping');
  assert.ok((await classes(dead)).includes('pingx'), 'a ping that fails is a mark of its own');

  await page.goto(address('sessions-never-closed'));
  const leak = await widget(page);
  const limits = await leak.picture.locator('g.limits text').allTextContents();
  assert.ok(limits.some((text) => /limit 6/.test(text)) || limits.length >= 2, limits.join(', '));
  const left = await classes(leak);
  for (const shape of ['hold', 'ghost', 'left', 'err']) assert.ok(left.includes(shape), `${shape} of ${left}`);
  await leak.type('max_overflow', 2);
  assert.ok((await classes(leak)).includes('wait'), 'who waits for the pool is seen to wait');

  // Processes and coroutines have lanes as threads have.
  await page.goto(address('arithmetic'));
  const many = await (await widget(page)).picture.locator('g.lane text').allTextContents();
  assert.ok(many.some((text) => /^worker \d/.test(text)), many.join(', '));
  await page.goto(address('tornado'));
  const coroutines = await (await widget(page)).picture.locator('g.lane text').allTextContents();
  assert.ok(coroutines.some((text) => /coroutine|task/i.test(text)), coroutines.join(', '));
});

test('it starts paused on the moment that matters', async (t) => {
  const { page } = await open(t);
  await page.goto(address(NAME));
  const own = await widget(page);
  assert.match(await sentence(own), /2013/);
  const at = await now(own);
  assert.equal(at, 25_000_000);
  await page.waitForTimeout(500);
  assert.equal(await now(own), at);
  await own.button('Play').waitFor();
});

test('it plays at any speed, from a sixteenth to sixty-four times', async (t) => {
  const { page } = await open(t);
  const own = await studio(page);
  const speed = own.host.getByRole('slider', { name: 'Speed' });
  /** How far it comes in a second. @param {string} power of two @param {string} told */
  const plays = async (power, told) => {
    await speed.fill(power);
    assert.equal(await speed.getAttribute('aria-valuetext'), told);
    await own.timeline.press('Home');
    await own.button('Play').click();
    await page.waitForTimeout(1000);
    const at = await now(own);
    if (await own.button('Pause').count()) await own.button('Pause').click();
    return at;
  };
  const [slow, plain, fast] = [await plays('-4', '×1/16'), await plays('0', '×1'), await plays('6', '×64')];
  assert.ok(slow < plain && plain < fast, `${slow}, ${plain}, ${fast}`);
  assert.equal(fast, 90_000_000, 'the whole run');
});

test('the step buttons stop at what was chosen', async (t) => {
  const { page } = await open(t);
  const own = await studio(page);
  await own.switch('pool_pre_ping');
  const kind = own.host.getByRole('combobox', { name: 'Step through' });
  for (const [label, told] of [['pings', /ping/i], ['invalidations', /replace|thrown|throws|discard|close/i], ['what the server does', /^The server/], ['requests', /request/i]]) {
    await kind.selectOption({ label });
    await own.timeline.press('Home');
    for (let n = 0; n < 2; n++) {
      const before = await now(own);
      await own.button('Next step').click();
      assert.ok((await now(own)) > before || n > 0);
      assert.match(await sentence(own), told, label);
    }
    await own.button('Previous step').click();
    assert.match(await sentence(own), told, label);
  }
});

test('a click on a mark says what it is and why, down to the setting; a drag scrubs', async (t) => {
  const { page } = await open(t);
  const own = await studio(page);
  await own.timeline.press('Home');
  const cross = await own.picture.locator('path.err').first().evaluate((path) => {
    const box = path.ownerSVGElement.getBoundingClientRect();
    const [, x, y] = /^M([\d.]+) ([\d.]+)/.exec(path.getAttribute('d'));
    return { x: box.x + Number(x) + 3, y: box.y + Number(y) + 3 };
  });
  await page.mouse.click(cross.x, cross.y);
  assert.match(await sentence(own), /2013/);
  assert.match((await own.host.locator('.overlay .chosen').getAttribute('d')) ?? '', /^M/);
  await own.button('Why?').click();
  const causes = own.host.locator('.causes li');
  assert.ok((await causes.count()) > 2);
  assert.match(await causes.allTextContents().then((all) => all.join('\n')), /wait_timeout[\s\S]*Set by wait_timeout/);
  const cited = (await own.host.locator('.causes cite').allTextContents()).join('\n');
  assert.match(cited, /MySQL manual: MySQL server has gone away[\s\S]*MySQL manual: wait_timeout/);

  await own.timeline.evaluate((stage) => stage.scrollIntoView({ block: 'center' }));
  const box = await own.timeline.boundingBox();
  assert.ok(box);
  await page.mouse.move(box.x + box.width * 0.4, box.y + 60);
  await page.mouse.down();
  const from = await now(own);
  await page.mouse.move(box.x + box.width * 0.7, box.y + 60, { steps: 4 });
  await page.mouse.up();
  assert.ok((await now(own)) > from + 10_000_000);
});

test('two fingers zoom, one scrubs', async (t) => {
  const { page } = await open(t, { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true });
  const own = await studio(page);
  await own.timeline.evaluate((stage) => stage.scrollIntoView({ block: 'center' }));
  const box = await own.timeline.boundingBox();
  assert.ok(box);
  const session = await page.context().newCDPSession(page);
  const y = box.y + 90;
  /** @param {string} type @param {number[]} xs */
  const touch = (type, ...xs) => session.send('Input.dispatchTouchEvent', { type, touchPoints: xs.map((x, id) => ({ x: box.x + x, y, id })) });
  await touch('touchStart', 150);
  await touch('touchMove', 200);
  await touch('touchEnd');
  const at = await now(own);
  await touch('touchStart', 260);
  await touch('touchMove', 300);
  await touch('touchEnd');
  assert.ok((await now(own)) > at);
  assert.equal(await own.host.locator('.overview').count(), 0);
  await touch('touchStart', 180);
  await touch('touchStart', 180, 220);
  for (const apart of [40, 60, 90, 120]) await touch('touchMove', 200 - apart / 2, 200 + apart / 2);
  await touch('touchEnd');
  await own.host.locator('.overview').waitFor();
});

test('one sentence for each step is said, and none while it plays', async (t) => {
  const { page } = await open(t);
  await page.goto(address(NAME));
  const own = await widget(page);
  await own.timeline.press('Home');
  const said = await own.host.evaluateHandle((host) => {
    const line = host.shadowRoot.querySelector('.sentence');
    const all = [];
    new MutationObserver(() => line.getAttribute('aria-live') === 'polite' && all.push(line.textContent)).observe(line, { characterData: true, subtree: true, childList: true });
    return all;
  });
  for (let n = 0; n < 4; n++) await own.timeline.press('ArrowRight');
  const four = await said.jsonValue();
  assert.equal(four.length, 4, four.join('\n'));
  assert.equal(new Set(four).size, 4);
  await own.button('Play').click();
  await page.waitForTimeout(1500);
  assert.equal(await own.host.locator('.sentence').getAttribute('aria-live'), 'off');
});

test("another theme of the page is the widget's at once, in the same document", async (t) => {
  const { page } = await open(t);
  await page.addInitScript(() => localStorage.setItem('mdbook-theme', 'light'));
  const own = await studio(page);
  await own.timeline.press('Home');
  await page.evaluate(() => (window.same = true));
  const colours = () => own.host.evaluate((host) => {
    const root = host.shadowRoot;
    const of = (selector, name) => getComputedStyle(root.querySelector(selector))[name];
    return [of('.widget', 'backgroundColor'), of('.widget', 'color'), of('svg.ps path.qry', 'fill'), of('.tools', 'backgroundColor')];
  });
  const light = await colours();
  await page.evaluate(() => document.documentElement.classList.replace('light', 'navy'));
  const navy = await colours();
  for (const [n, colour] of navy.entries()) assert.notEqual(colour, light[n]);
  assert.equal(await page.evaluate(() => window.same), true);
  assert.equal(await now(own), 0, 'and where the reader was');
});

test('two runs beside each other have one playhead and a table of what differs', async (t) => {
  const { page } = await open(t);
  await page.goto(address('arithmetic'));
  const own = await widget(page);
  await own.button('More tools').click();
  await own.host.locator('[part=tools]').waitFor();
  await own.type('pool_size', 1);
  await own.host.getByRole('checkbox', { name: /^Compare/ }).check();
  await own.host.getByRole('slider', { name: 'Position in the run' }).press('ArrowRight');
  const { line, lanes } = await own.host.evaluate((host) => {
    const root = host.shadowRoot;
    const box = (element) => element.getBoundingClientRect();
    return { line: box(root.querySelector('.overlay .playhead')), lanes: [...root.querySelectorAll('svg.ps g.sub text')].filter((text) => text.textContent === 'before').map((text) => box(text).y) };
  });
  assert.ok(lanes.length > 2);
  for (const y of lanes) assert.ok(line.y < y && y < line.y + line.height, `${y} beside ${line.y}, ${line.height}`);
  const rows = await own.host.locator('.comparison tbody th').allTextContents();
  for (const name of ['served', 'waited for a connection', 'wait, p50', 'wait, p95', 'longest wait', 'pings', 'connections opened', 'Max_used_connections']) {
    assert.ok(rows.includes(name), `${name} in ${rows}`);
  }
  assert.ok(rows.some((name) => name.startsWith('failed')));
});
