// What the pages load, when, and what they do when it does not come.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CHAPTERS, PAGES, address, widget, widgets } from './lib/book.mjs';
import { SITE, useBrowser } from './lib/browser.mjs';

const open = useBrowser();
const isModule = (url) => /poolscope_app/.test(url);

for (const name of ['index', ...PAGES, 'print']) {
  test(`${name}: no error, no failed request, nothing from elsewhere`, async (t) => {
    const { page, problems, requests } = await open(t);
    await page.goto(address(name));
    const count = (await widgets(page)).length;
    await page.waitForLoadState('networkidle');
    assert.deepEqual(problems, []);
    assert.deepEqual(requests.filter((url) => !url.startsWith(SITE) && !url.startsWith('data:')), []);
    assert.equal(requests.filter((url) => url.endsWith('.wasm')).length, count ? 1 : 0, 'one module for all widgets');
  });
}

test('the front door leads into the book', async (t) => {
  const { page, problems } = await open(t);
  // The front door is left while it is still loading: whether the browser calls that a failure depends on who is faster.
  await page.goto(SITE, { waitUntil: 'commit' });
  await page.waitForURL(`${SITE}en/**`);
  await page.getByRole('link', { name: 'Sessions never closed' }).first().waitFor();
  assert.deepEqual(problems.filter((problem) => problem !== `failed: ${SITE} (net::ERR_ABORTED)`), []);
});

test('nothing is loaded before a widget is near', async (t) => {
  const { page, requests } = await open(t, { viewport: { width: 1280, height: 300 } });
  await page.goto(address(CHAPTERS[0]));
  const below = await page.locator('pool-scope').first().evaluate((host) => host.getBoundingClientRect().top - innerHeight);
  assert.ok(below > 320, `the widget is only ${below} px below the window`);
  await page.waitForLoadState('networkidle');
  assert.deepEqual(requests.filter(isModule), []);
  await widget(page);
  assert.equal(requests.filter(isModule).length, 2);
});

test('the simulator is loaded when a reader goes near a knob, and one that does not come leaves the run as it was', async (t) => {
  const { page, requests } = await open(t);
  const simulator = '**/poolscope_headless_bg.wasm';
  await page.route(simulator, (route) => route.fulfill({ status: 404 }));
  await page.goto(address(CHAPTERS[1]));
  const shown = await widget(page);
  await shown.timeline.press('End');
  await shown.timeline.hover();
  assert.deepEqual(requests.filter((url) => url.endsWith(simulator.slice(3))), []);
  const before = await shown.outcome.textContent();
  const ping = shown.host.getByRole('checkbox', { name: 'pool_pre_ping', exact: true });
  await ping.click();
  const mistake = shown.host.locator('.mistake');
  await mistake.filter({ hasText: 'poolscope_headless_bg.wasm: 404' }).waitFor();
  assert.deepEqual([await shown.outcome.textContent(), await ping.isChecked()], [before, false]);
  await page.unroute(simulator);
  await shown.switch('pool_pre_ping');
  assert.equal(await mistake.isVisible(), false);
  assert.notEqual(await shown.outcome.textContent(), before);
});

for (const [how, answer, reason] of [
  ['missing', (route) => route.fulfill({ status: 404 }), '404|fetch|compile|Response'],
  ['blocked', (route) => route.abort(), 'fetch'],
  ['not a module', (route) => route.fulfill({ contentType: 'application/wasm', body: 'no' }), 'WebAssembly|compile|expected'],
]) {
  test(`a module that is ${how}: the pictures stay, and one line says why`, async (t) => {
    const { page, problems } = await open(t);
    await page.route('**/*.wasm', answer);
    await page.goto(address(CHAPTERS[0]));
    for (let n = 0; n < 2; n++) {
      // Those behind a question are not there yet.
      const element = page.locator('pool-scope').filter({ visible: true }).nth(n);
      await element.evaluate((host) => host.scrollIntoView());
      const note = element.locator('[part=note]');
      await note.waitFor();
      const text = (await note.textContent()) ?? '';
      assert.match(text, new RegExp(`^Not interactive here \\(.*(${reason}).*\\)`));
      const lines = await note.evaluate((p) => {
        const range = document.createRange();
        range.selectNodeContents(p);
        return new Set([...range.getClientRects()].map(({ top }) => top)).size;
      });
      // With an address in it the line wraps.
      assert.ok(lines <= (text.includes('http') ? 2 : 1), `${lines} lines: ${text}`);
      assert.ok(await element.getByRole('img', { name: /timeline/ }).isVisible());
      assert.ok(await element.getByText('Step by step').isVisible());
      // The room that is kept for the widget is given back.
      const rest = await element.evaluate((host) => host.getBoundingClientRect().bottom - host.lastElementChild.getBoundingClientRect().bottom);
      assert.ok(rest < 60, `${rest} px are left empty`);
    }
    // The browser itself reports the request; nothing may be added to that.
    assert.deepEqual(problems.filter((problem) => problem.startsWith('uncaught') || !/wasm|Failed to load resource/.test(problem)), []);
  });
}
