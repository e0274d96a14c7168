// The book in another browser's engine: every widget comes to life on every page; a knob, the tools and the search answer.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import puppeteer from 'puppeteer-core';
import { EDITIONS, PAGES, address } from './lib/book.mjs';

/** @type {import('puppeteer-core').Browser} */
let firefox;
before(async () => {
  firefox = await puppeteer.launch({ browser: 'firefox', executablePath: process.env.FIREFOX, headless: true });
});
after(() => firefox?.close());

/** @param {string} url */
async function open(url) {
  const page = await firefox.newPage();
  await page.setViewport({ width: 1280, height: 900 });
  /** @type {string[]} */
  const problems = [];
  page.on('console', (message) => ['error', 'warn'].includes(message.type()) && problems.push(message.text()));
  page.on('pageerror', (error) => problems.push(String(error)));
  await page.goto(url);
  return { page, problems };
}

/** Scrolls to each widget of the page and waits for it; what did not come. @param {import('puppeteer-core').Page} page */
const missing = (page) =>
  page.evaluate(async () => {
    const late = [];
    for (const host of document.querySelectorAll('pool-scope')) {
      const shut = host.closest('details');
      if (shut) shut.open = true;
      host.scrollIntoView();
      for (let tries = 150; !host.matches(':state(live)'); tries--) {
        if (tries === 0 || host.matches(':state(static)')) {
          late.push(host.getAttribute('scenario')?.slice(0, 40));
          break;
        }
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    }
    return late;
  });

for (const edition of EDITIONS) {
  for (const name of PAGES) {
    test(`Firefox, ${edition}/${name}: every widget runs`, async () => {
      const { page, problems } = await open(address(name, edition));
      assert.deepEqual(await missing(page), []);
      assert.deepEqual(problems, []);
      await page.close();
    });
  }
}

test('Firefox: a knob is turned, the tools come, and a link brings the reader back', async () => {
  const { page, problems } = await open(address('recycle-above-wait-timeout'));
  assert.deepEqual(await missing(page), []);
  const outcome = () => page.evaluate(() => document.querySelector('pool-scope')?.shadowRoot?.querySelector('[part=outcome] strong')?.textContent);
  assert.match((await outcome()) ?? '', /2013/);
  await page.evaluate(() => {
    const field = /** @type {HTMLInputElement} */ (document.querySelector('pool-scope')?.shadowRoot?.querySelector('input[type=number]'));
    field.value = '5';
    field.dispatchEvent(new Event('input', { bubbles: true, composed: true }));
  });
  await page.waitForFunction(() => /12 served\.$/.test(document.querySelector('pool-scope')?.shadowRoot?.querySelector('[part=outcome] strong')?.textContent ?? ''));
  const press = (/** @type {string} */ label) =>
    page.evaluate((wanted) => {
      const buttons = [...(document.querySelector('pool-scope')?.shadowRoot?.querySelectorAll('button') ?? [])];
      buttons.find((button) => [button.textContent, button.getAttribute('aria-label')].includes(wanted))?.click();
    }, label);
  await press('More tools');
  await page.waitForFunction(() => document.querySelector('pool-scope')?.shadowRoot?.querySelector('[part=tools]'));
  await press('Link to this moment');
  await page.waitForFunction(() => document.querySelector('pool-scope')?.shadowRoot?.querySelector('.taken')?.textContent);
  const link = await page.evaluate(() => document.querySelector('pool-scope')?.shadowRoot?.querySelector('.taken')?.textContent);
  assert.deepEqual(problems, []);
  await page.close();

  const again = await open(address('recycle-above-wait-timeout') + link);
  await again.page.waitForFunction(() => /12 served\.$/.test(document.querySelector('pool-scope')?.shadowRoot?.querySelector('[part=outcome] strong')?.textContent ?? ''));
  assert.deepEqual(again.problems, []);
  await again.page.close();
});

test('Firefox: the search finds an error by its number', async () => {
  const { page, problems } = await open(`${address('introduction')}?search=1040`);
  await page.waitForSelector('#mdbook-searchresults li');
  const first = await page.$eval('#mdbook-searchresults li a', (link) => link.getAttribute('href'));
  assert.match(first ?? '', /sessions-never-closed/);
  assert.deepEqual(problems, []);
  await page.close();
});
