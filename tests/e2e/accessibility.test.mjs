// axe-core on every page with a widget, in every theme of the book.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import { CHAPTERS, EDITIONS, PAGES, address, widgets } from './lib/book.mjs';
import { useBrowser } from './lib/browser.mjs';

const open = useBrowser();
const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
const THEMES = ['light', 'rust', 'coal', 'navy', 'ayu'];

/** Opens a page as a reader who has chosen this theme. */
async function themed(t, name, theme, prepare = async () => {}, edition = 'en') {
  const { page } = await open(t, { reducedMotion: 'reduce' });
  await page.addInitScript((theme) => localStorage.setItem('mdbook-theme', theme), theme);
  await prepare(page);
  await page.goto(address(name, edition));
  assert.ok(await page.evaluate((theme) => document.documentElement.classList.contains(theme), theme), `the theme is ${theme}`);
  return page;
}

/** One line for each violation. */
async function violations(page, context) {
  await page.addScriptTag({ path: AXE });
  const found = await page.evaluate(async (context) => (await globalThis.axe.run(context)).violations, context);
  return found.flatMap(({ id, help, nodes }) =>
    nodes.map(({ target, any }) => `${id} (${help}): ${target.flat().join(' ')} ${any[0]?.message ?? ''}`),
  );
}

for (const edition of EDITIONS) {
  for (const theme of ['light', 'navy']) {
    test(`${edition}, ${theme}: no violation on any page`, async (t) => {
      for (const name of PAGES) {
        const page = await themed(t, name, theme, undefined, edition);
        await widgets(page);
        assert.deepEqual(await violations(page, 'main'), [], name);
        await page.context().close();
      }
    });
  }
}

for (const theme of THEMES) {
  for (const name of CHAPTERS) {
    test(`${name}, ${theme}: no violation`, async (t) => {
      const page = await themed(t, name, theme);
      for (const widget of await widgets(page)) await widget.button('Why?').click();
      // Not the whole page: the toggle of mdBook's sidebar has an attribute it may not have, and its menu bar is in no landmark.
      assert.deepEqual(await violations(page, 'main'), []);
    });
  }
  test(`static picture and table, ${theme}: no violation`, async (t) => {
    const page = await themed(t, CHAPTERS[1], theme, (page) => page.route('**/*.wasm', (route) => route.abort()));
    const element = page.locator('pool-scope').first();
    await element.evaluate((host) => host.scrollIntoView());
    await element.locator('[part=note]').waitFor();
    await element.getByText('Step by step').click();
    assert.deepEqual(await violations(page, 'main'), []);
  });
}

test('axe sees into the widget', async (t) => {
  const page = await themed(t, CHAPTERS[0], 'light');
  const [first] = await widgets(page);
  await first.host.evaluate((host) => host.shadowRoot.querySelector('select').closest('label').replaceWith(host.shadowRoot.querySelector('select')));
  assert.match((await violations(page, 'main')).join('\n'), /select-name/);
});
