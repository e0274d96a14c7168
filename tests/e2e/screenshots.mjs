// Pictures of the chapters to look at: node screenshots.mjs FOLDER. With --readme PNG only the picture that README.md shows, of the live
// widget; SITE_URL and CHROMIUM as for the tests.
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { CHAPTERS, address, widget, widgets } from './lib/book.mjs';
import { launch } from './lib/browser.mjs';

const WINDOWS = {
  desktop: { viewport: { width: 1280, height: 900 } },
  phone: { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true, deviceScaleFactor: 2 },
};
const THEMES = { light: 'light', dark: 'navy' };

/** @param {import('playwright-core').Browser} browser @param {string} name @param {string} theme @param {object} options */
async function open(browser, name, theme, options) {
  const context = await browser.newContext(options);
  await context.addInitScript((theme) => localStorage.setItem('mdbook-theme', theme), theme);
  const page = await context.newPage();
  await page.goto(address(name));
  return page;
}

/** @param {import('playwright-core').Browser} browser @param {string} folder */
async function chapters(browser, folder) {
  await mkdir(folder, { recursive: true });
  for (const name of CHAPTERS) {
    for (const [word, theme] of Object.entries(THEMES)) {
      for (const [window, options] of Object.entries(WINDOWS)) {
        const page = await open(browser, name, theme, options);
        await widgets(page);
        await page.evaluate(() => scrollTo(0, 0));
        await page.screenshot({ path: join(folder, `${name}-${word}-${window}.png`), fullPage: true });
        await page.context().close();
      }
    }
  }
}

/** The first widget down to its timeline and the sentence below. @param {import('playwright-core').Browser} browser @param {string} path */
async function readme(browser, path) {
  const page = await open(browser, CHAPTERS[0], 'light', { viewport: { width: 1200, height: 2400 } });
  const first = await widget(page);
  await page.addStyleTag({ content: '#mdbook-menu-bar { visibility: hidden }' }); // it lies over the page
  const frame = await first.host.boundingBox();
  const story = await first.host.locator('[part=story]').boundingBox();
  if (!frame || !story) throw new Error('the widget cannot be seen');
  const height = Math.ceil(story.y + story.height - frame.y);
  await page.screenshot({ path, clip: { x: frame.x, y: frame.y, width: frame.width, height } });
}

const [first, second] = process.argv.slice(2);
if (!first || (first === '--readme' && !second)) {
  console.error('usage: node screenshots.mjs FOLDER | --readme PNG');
  process.exit(2);
}
const launched = await launch();
try {
  await (first === '--readme' ? readme(launched.browser, second) : chapters(launched.browser, first));
} finally {
  await launched.close();
}
