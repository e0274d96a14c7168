// The same run in speedscope, as far as it can show it: one thread at a time, as a flame chart over time.
import { readFile, stat } from 'node:fs/promises';
import { SITE } from '../lib/browser.mjs';

const FOLDER = new URL('../node_modules/speedscope/dist/release/', import.meta.url);
const TYPES = { html: 'text/html', js: 'text/javascript', css: 'text/css', wasm: 'application/wasm', woff2: 'font/woff2', png: 'image/png', ico: 'image/x-icon', json: 'application/json' };

/**
 * @param {import('playwright-core').Page} page
 * @param {string} profile  a file in the format of Chrome's and Perfetto's traces
 */
export async function speedscope(page, profile) {
  await page.route(`${SITE}speedscope/**`, async (route) => {
    const name = new URL(route.request().url()).pathname.split('/').pop() || 'index.html';
    const body = await readFile(new URL(name, FOLDER)).catch(() => undefined);
    if (!body) return route.fulfill({ status: 404, body: '' });
    return route.fulfill({ body, contentType: TYPES[name.split('.').pop() ?? ''] ?? 'application/octet-stream' });
  });
  await page.goto(`${SITE}speedscope/index.html`);
  const input = page.locator('input[type=file]').first();
  await input.waitFor({ state: 'attached' });
  const began = performance.now();
  await input.setInputFiles(profile);
  await page.waitForFunction(() => /\(\d+\/\d+\)|\d+\/\d+|app, thread|Time Order/.test(document.body.textContent ?? '') && document.querySelector('canvas') && !/Importing|Loading/.test(document.body.textContent ?? ''), undefined, { timeout: 120_000 });
  await page.evaluate(() => window.bench.painted());
  return { ms: performance.now() - began, megabytes: (await stat(profile)).size / 2 ** 20 };
}
