// What a page makes a browser load, and whether anything moves while it comes: on every page, in both languages, to its last widget.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { EDITIONS, PAGES, address, widgets } from './lib/book.mjs';
import { useBrowser } from './lib/browser.mjs';

const open = useBrowser();
const SIZES = await readFile(new URL('../../crates/xtask/src/sizes.rs', import.meta.url), 'utf8');
/** The ratchet of the build, which counts the files that a page names; its gzip is not quite ours. */
const PAGE_GZIP_MAX = 1.01 * Number(/PAGE_GZIP_MAX: usize = ([\d_]+)/.exec(SIZES)?.[1]?.replaceAll('_', ''));
/** Of all that moves in the text of a page while it is read to its end; Chromium calls up to 0.1 good. */
const SHIFT_MAX = 0.01;

const DEVICES = /** @type {const} */ ({
  desktop: { viewport: { width: 1280, height: 900 } },
  phone: { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true, deviceScaleFactor: 2 },
});

/**
 * Scrolls in a frame in which no widget comes: of one that does both, Chromium says that what was never seen there has moved.
 * @param {Element} host
 */
const scrollAlone = (host) =>
  new Promise((/** @type {(scrolled: void) => void} */ done) => {
    const frame = () => {
      if (!globalThis.came) return done(host.scrollIntoView({ block: 'center' }));
      globalThis.came = false;
      requestAnimationFrame(frame);
    };
    globalThis.came = true;
    requestAnimationFrame(frame);
  });

for (const edition of EDITIONS) {
  test(`${edition}: no page loads more than the build says`, async (t) => {
    let most = { sum: 0, name: '' };
    for (const name of PAGES) {
      const { page } = await open(t);
      /** @type {Promise<number>[]} */
      const bodies = [];
      page.on('response', (response) => void bodies.push(response.body().then((body) => gzipSync(body, { level: 9 }).length)));
      await page.goto(address(name, edition));
      await widgets(page);
      await page.waitForLoadState('networkidle');
      const sum = (await Promise.all(bodies)).reduce((sum, bytes) => sum + bytes, 0);
      assert.ok(sum > 20_000, `${name}: only ${sum} bytes were seen`);
      if (sum > most.sum) most = { sum, name };
      await page.context().close();
    }
    t.diagnostic(`the heaviest page is ${most.name}: ${most.sum} bytes gzipped`);
    assert.ok(most.sum <= PAGE_GZIP_MAX, `${most.name} loads ${most.sum} bytes gzipped, the build counts at most ${PAGE_GZIP_MAX}`);
  });

  for (const [device, options] of Object.entries(DEVICES)) {
    test(`${edition} on a ${device}: nothing moves while a page is read and its widgets load`, async (t) => {
      const moved = [];
      for (const name of PAGES) {
        const { page } = await open(t, options);
        await page.addInitScript(() => {
          globalThis.shifts = [];
          globalThis.came = false;
          document.addEventListener('load', ({ target }) => (globalThis.came ||= target.localName === 'pool-scope'), true);
          new PerformanceObserver((list) => {
            for (const { value, hadRecentInput, sources } of list.getEntries()) {
              // Not the table of contents beside it, which mdBook's script fills.
              const inside = sources.map(({ node }) => node?.parentElement).filter((node) => node?.closest('main'));
              const what = inside.map((node) => node.textContent.slice(0, 40)).join(' | ');
              if (inside.length > 0 && !hadRecentInput) globalThis.shifts.push({ value, what });
            }
          }).observe({ type: 'layout-shift', buffered: true });
        });
        await page.goto(address(name, edition));
        const hosts = page.locator('pool-scope').filter({ visible: true });
        for (let n = 0; n < (await hosts.count()); n++) {
          await hosts.nth(n).evaluate(scrollAlone);
          await hosts.nth(n).locator('[part=timeline]').waitFor();
        }
        await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done, 100)))));
        const shifts = await page.evaluate(() => globalThis.shifts);
        const sum = shifts.reduce((/** @type {number} */ sum, /** @type {{ value: number }} */ { value }) => sum + value, 0);
        if (sum > SHIFT_MAX) moved.push(`${name}: ${sum.toFixed(4)} ${JSON.stringify(shifts.slice(0, 4))}`);
        else t.diagnostic(`${name}: ${sum.toFixed(4)}`);
        await page.context().close();
      }
      assert.deepEqual(moved, []);
    });
  }
}

test('the first content is there before any wasm is asked for', async (t) => {
  const { page, requests } = await open(t);
  await page.route('**/*.wasm', () => {}); // it never comes
  await page.goto(address('sessions-never-closed'), { waitUntil: 'domcontentloaded' });
  const first = await page.waitForFunction(() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime);
  t.diagnostic(`first contentful paint: ${Number(await first.jsonValue()).toFixed(0)} ms`);
  assert.ok(await page.locator('pool-scope').first().getByRole('img', { name: /timeline/ }).isVisible());
  const early = requests.findIndex((url) => url.endsWith('.wasm'));
  assert.ok(early === -1 || requests.slice(0, early).some((url) => url.endsWith('pool-scope.js')));
});
