// Small screens, and a page that stays where it is while the widgets load.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CHAPTERS, address, widget, widgets } from './lib/book.mjs';
import { useBrowser } from './lib/browser.mjs';

const open = useBrowser();
const PHONE = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true, deviceScaleFactor: 2 };

for (const name of CHAPTERS) {
  test(`${name} on a phone: the page does not scroll sideways`, async (t) => {
    const { page } = await open(t, PHONE);
    await page.goto(address(name));
    for (const widget of await widgets(page)) await widget.button('Why?').click();
    const wide = await page.evaluate(() => {
      const { scrollWidth } = /** @type {Element} */ (document.scrollingElement);
      return { scrollWidth, innerWidth, visual: visualViewport.width };
    });
    assert.deepEqual(wide, { scrollWidth: 390, innerWidth: 390, visual: 390 });
  });

  test(`${name} on a phone: everything to touch is at least 44 px high`, async (t) => {
    const { page } = await open(t, PHONE);
    await page.goto(address(name));
    const small = [];
    for (const { host, button } of await widgets(page)) {
      await button.call({ host }, 'Why?').click();
      await button.call({ host }, 'Zoom in').click();
      const [seen, found] = await host.evaluate((host) => {
        const controls = [...host.shadowRoot.querySelectorAll('button, input, select')].filter((e) => e.checkVisibility());
        const sizes = controls.map((control) => {
          // A checkbox is pressed by its label.
          const target = control.type === 'checkbox' ? control.closest('label') : control;
          const { width, height } = target.getBoundingClientRect();
          return { what: `${control.localName} ${control.ariaLabel ?? control.labels?.[0]?.textContent ?? control.textContent}`, width, height };
        });
        return [controls.length, sizes.filter(({ width, height }) => height < 44 || width < 44)];
      });
      assert.ok(seen > 12, `${seen} controls`);
      small.push(...found);
    }
    assert.deepEqual(small, []);
  });

  test(`${name} on a phone: the timeline can be read, and nothing of it is cut off`, async (t) => {
    const { page } = await open(t, PHONE);
    await page.goto(address(name));
    const { timeline } = await widget(page);
    const box = await timeline.boundingBox();
    assert.ok(box.x >= 0 && box.x + box.width <= 390, JSON.stringify(box));
    const { texts, cut, tiny, overlapping } = await timeline.evaluate((stage) => {
      const picture = stage.querySelector('svg[role=img]');
      const frame = stage.getBoundingClientRect();
      const texts = [...picture.querySelectorAll('text')].map((text) => {
        const { left, right, top, bottom } = text.getBoundingClientRect();
        return { text: text.textContent, size: parseFloat(getComputedStyle(text).fontSize), left, right, top, bottom };
      });
      const scale = picture.getBoundingClientRect().width / picture.viewBox.baseVal.width;
      const overlapping = texts.flatMap((a, n) =>
        texts.slice(n + 1).filter((b) => a.left + 1 < b.right && b.left + 1 < a.right && a.top + 3 < b.bottom && b.top + 3 < a.bottom)
          .map((b) => `${a.text} / ${b.text}`),
      );
      return {
        texts: texts.length,
        cut: texts.filter((t) => t.left < frame.left - 0.5 || t.right > frame.right + 0.5 || t.bottom > frame.bottom + 0.5 || t.top < frame.top - 0.5),
        tiny: texts.filter((t) => t.size * scale < 9.5),
        overlapping,
      };
    });
    assert.ok(texts > 10, `${texts} texts`);
    assert.deepEqual({ cut, tiny, overlapping }, { cut: [], tiny: [], overlapping: [] });
  });

  for (const [device, options] of [['desktop', {}], ['phone', PHONE]]) {
    test(`${name} on a ${device}: the page stays where it is while the widget loads`, async (t) => {
      const { page } = await open(t, options);
      await page.addInitScript(() => {
        globalThis.shifts = [];
        const note = (entries) => globalThis.shifts.push(...entries.map(({ value }) => value));
        const observer = new PerformanceObserver((list) => note(list.getEntries()));
        observer.observe({ type: 'layout-shift', buffered: true });
        globalThis.collect = () => (note(observer.takeRecords()), globalThis.shifts);
      });
      await page.goto(address(name));
      // The book's own fonts arrive first and move its text; what counts here is what the widget moves.
      await page.evaluate(async () => {
        await document.fonts.ready;
        await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
        globalThis.collect().length = 0;
      });
      await page.locator('pool-scope').first().evaluate((host) => host.scrollIntoView({ block: 'center' }));
      await page.waitForFunction(() => document.querySelector('pool-scope').matches(':state(live)'));
      await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done()))));
      const shifts = await page.evaluate(() => globalThis.collect());
      const sum = shifts.reduce((sum, value) => sum + value, 0);
      t.diagnostic(`cumulative layout shift: ${sum.toFixed(4)}`);
      assert.ok(sum <= 0.1, `${sum}: ${shifts}`);
    });

    // By where the text is in each frame: Chromium's layout-shift entries also count what scroll anchoring has made up for.
    test(`${name} on a ${device}: what is read below a widget stays where it is while the widget above loads`, async (t) => {
      const { page } = await open(t, options);
      let release = () => {};
      const released = new Promise((resolve) => (release = () => resolve(undefined)));
      await page.route('**/*.wasm', async (route) => {
        await released;
        await route.continue();
      });
      const asked = page.waitForRequest('**/*.wasm');
      await page.goto(`${address(name)}#why`);
      await asked;
      await page.evaluate(async () => {
        await document.fonts.ready;
        const heading = document.querySelector('#why');
        const heights = new Set();
        const tops = new Set();
        globalThis.seen = { heights, tops };
        const look = () => {
          tops.add(Math.round(heading.getBoundingClientRect().top));
          heights.add(Math.round(document.querySelector('pool-scope').getBoundingClientRect().height));
          requestAnimationFrame(look);
        };
        await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
        look();
      });
      release();
      await page.waitForFunction(() => document.querySelector('pool-scope').matches(':state(live)'));
      await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done()))));
      const { tops, heights } = await page.evaluate(() => ({ tops: [...globalThis.seen.tops], heights: [...globalThis.seen.heights] }));
      assert.ok(heights.length > 1, `the widget above has changed its height: ${heights}`);
      assert.ok(Math.max(...tops) - Math.min(...tops) <= 2, `the heading was at ${tops}`);
    });
  }
}
