// Pages of somebody else, with the widget in them: made up here, beside the published site.
import { SITE } from './browser.mjs';
import { Widget } from './book.mjs';

export const ELEMENT = `${SITE}poolscope/pool-scope.js`;
export const SCRIPT = `<script type="module" src="${ELEMENT}"></script>`;
/** Static content that a test can recognise. */
export const PICTURE = '<svg role="img" aria-label="static picture" width="40" height="20"><rect width="40" height="20"/></svg>';

/** @param {string} attributes */
export const element = (attributes = 'scenario="recycle-above-wait-timeout"') => `<pool-scope ${attributes}>${PICTURE}</pool-scope>`;

/**
 * Serves a page at an address of its own and opens it.
 * @param {import('playwright-core').Page} page
 * @param {string} body
 * @param {{ head?: string, headers?: Record<string, string> }} [options]
 */
export async function show(page, body, { head = '', headers = {} } = {}) {
  const url = `${SITE}guest/page.html`;
  const html = `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Guest</title><link rel="icon" href="data:,">${head}</head><body>${body}</body></html>`;
  await page.route(url, (route) => route.fulfill({ contentType: 'text/html', headers, body: html }));
  await page.goto(url);
}

/** @param {import('playwright-core').Page} page @param {number} [n] */
export async function live(page, n = 0) {
  const host = page.locator('pool-scope').nth(n);
  await host.locator('[part=timeline]').waitFor();
  return new Widget(host);
}

/** The picture is shown, the widget is not, and one line says why. @param {import('playwright-core').Page} page @param {RegExp} reason */
export async function isStatic(page, reason, n = 0) {
  const host = page.locator('pool-scope').nth(n);
  const note = host.locator('[part=note]');
  await note.filter({ hasText: reason }).waitFor();
  await host.getByRole('img', { name: 'static picture' }).waitFor();
  if (await host.locator('[part=widget]').count()) throw new Error('there is a widget beside the picture');
}

/** Notes the element's events as they come. @param {import('playwright-core').Page} page */
export async function listen(page) {
  await page.addInitScript(() => {
    window.told = [];
    document.addEventListener('DOMContentLoaded', () => {
      for (const type of ['load', 'change', 'seek', 'outcome', 'error']) {
        for (const host of document.querySelectorAll('pool-scope')) {
          host.addEventListener(type, (event) => window.told.push({ type, id: host.id, detail: event.detail }));
        }
      }
    });
  });
  return {
    all: () => page.evaluate(() => window.told),
    /** @param {string} type */
    async next(type) {
      await page.waitForFunction((type) => window.told.some((event) => event.type === type), type);
      return page.evaluate((type) => window.told.filter((event) => event.type === type), type);
    },
  };
}
