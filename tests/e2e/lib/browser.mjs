// A browser for one test file, and pages that remember what went wrong in them.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before } from 'node:test';
import { chromium } from 'playwright-core';

/** The built site, with a slash at its end. */
export const SITE = demand('SITE_URL').replace(/\/*$/, '/');

function demand(name) {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set; run these tests with \`cargo xtask test --only e2e\``);
  return value;
}

const ARGUMENTS = [
  '--headless=new', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--disable-background-networking',
  '--disable-component-update', '--disable-sync', '--no-first-run',
];

/** The browser, with a profile of its own that goes with it. */
export async function launch() {
  const profile = await mkdtemp(join(tmpdir(), 'poolscope-e2e-'));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: demand('CHROMIUM'),
    args: ARGUMENTS,
    viewport: { width: 1280, height: 900 },
  });
  const browser = /** @type {import('playwright-core').Browser} */ (context.browser());
  return {
    browser,
    async close() {
      await context.close();
      await rm(profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
    },
  };
}

/**
 * Starts a browser before the tests of the calling file and ends it after them.
 * @returns {(t: import('node:test').TestContext, options?: import('playwright-core').BrowserContextOptions) => Promise<Opened>}
 *   opens an empty page in a fresh context, which is closed when the test ends
 * @typedef {{ page: import('playwright-core').Page, problems: string[], requests: string[] }} Opened
 *   `problems` are the console errors, uncaught errors and failed requests so far; `requests` all addresses so far
 */
export function useBrowser() {
  /** @type {Awaited<ReturnType<typeof launch>>} */
  let launched;
  before(async () => void (launched = await launch()));
  after(() => launched?.close());
  return async (t, options = {}) => {
    const context = await launched.browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
    t.after(() => context.close());
    const page = await context.newPage();
    page.setDefaultTimeout(15_000);
    /** @type {string[]} */
    const problems = [];
    /** @type {string[]} */
    const requests = [];
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') problems.push(`console: ${message.text()}`);
    });
    page.on('pageerror', (error) => problems.push(`uncaught: ${error.message}`));
    page.on('request', (request) => requests.push(request.url()));
    page.on('requestfailed', (request) => {
      const reason = request.failure()?.errorText;
      // The browser drops the icon of a page that is left at once.
      if (reason === 'net::ERR_ABORTED' && request.url().includes('/favicon')) return;
      problems.push(`failed: ${request.url()} (${reason})`);
    });
    page.on('response', (response) => {
      if (response.status() >= 400) problems.push(`${response.status()}: ${response.url()}`);
    });
    return { page, problems, requests };
  };
}
