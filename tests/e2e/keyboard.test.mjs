// The keyboard alone: everything can be reached, and keys pressed in a widget are the widget's.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CHAPTERS, address, widget } from './lib/book.mjs';
import { useBrowser } from './lib/browser.mjs';

const open = useBrowser();

/** All keys that mdBook listens to, or that scroll. */
const KEYS = ['ArrowLeft', 'ArrowRight', ' ', 'Home', 'End', 's', '/', '?'];

/** With everything shown that can be shown: a knob turned, the causes open, zoomed in. */
async function crowded(page, name) {
  await page.goto(address(name));
  const first = await widget(page);
  await first.changes(() => first.host.getByRole('spinbutton').first().press('ArrowUp'));
  await first.button('Why?').click();
  await first.button('Zoom in').click();
  await first.button('Show the whole run').waitFor();
  return first;
}

/** What can be focused in the widget, by what a reader would call it. Kept on the page as `controls`. */
const listControls = (host) => {
  const focusable = 'button, input, select, textarea, summary, a[href], [tabindex]';
  globalThis.controls = [...host.shadowRoot.querySelectorAll(focusable)].filter(
    (element) => element.tabIndex >= 0 && !element.disabled && element.checkVisibility({ visibilityProperty: true }),
  );
  return globalThis.controls.map((element, n) => {
    const label = element.ariaLabel ?? element.labels?.[0]?.textContent ?? element.closest('[aria-label]')?.ariaLabel;
    return `${n} ${element.localName} ${(label ?? element.textContent).trim().slice(0, 40)}`;
  });
};

/** What the book has done with a key. */
const bookState = () => ({
  page: location.pathname,
  same: globalThis.controls !== undefined,
  search: !document.querySelector('#mdbook-search-wrapper').classList.contains('hidden'),
  help: getComputedStyle(document.querySelector('#mdbook-help-container')).display !== 'none',
});

for (const name of CHAPTERS) {
  test(`${name}: Tab reaches every control, in order, and leaves again`, async (t) => {
    const { page } = await open(t);
    const first = await crowded(page, name);
    const controls = await first.host.evaluate(listControls);
    assert.ok(controls.length >= 15, `there are ${controls.length} controls`);

    const walk = async (key) => {
      const reached = [];
      for (let presses = 0; presses < controls.length + 20; presses++) {
        await page.keyboard.press(key);
        const n = await first.host.evaluate((host) => {
          if (document.activeElement !== host) return undefined;
          return globalThis.controls.indexOf(host.shadowRoot.activeElement);
        });
        if (n === undefined) break;
        if (n >= 0) reached.push(controls[n]); // Chromium also stops at boxes that scroll.
      }
      return reached;
    };
    await page.locator('#the-run a').focus();
    assert.deepEqual(await walk('Tab'), controls);
    assert.deepEqual(await walk('Shift+Tab'), controls.toReversed());
  });

  for (const key of KEYS) {
    test(`${name}: the key “${key}” in a widget is not the book's`, async (t) => {
      const { page } = await open(t);
      const first = await crowded(page, name);
      const controls = await first.host.evaluate(listControls);
      const before = await page.evaluate(bookState);
      const leaks = [];
      for (const [n, control] of controls.entries()) {
        // What an earlier key has disabled or hidden cannot take the focus: a test of its own.
        const focused = await first.host.evaluate((host, n) => {
          globalThis.controls[n].focus();
          return host.shadowRoot.activeElement === globalThis.controls[n];
        }, n);
        if (!focused) continue;
        await page.keyboard.press(key);
        const after = await page.evaluate(bookState).catch(() => ({ page: 'left' }));
        if (JSON.stringify(after) === JSON.stringify(before)) continue;
        leaks.push(control);
        if (!after.same) break;
        await page.keyboard.press('Escape'); // closes what it has opened
      }
      assert.deepEqual(leaks, []);
    });
  }

  test(`${name}: a button that goes away when it is pressed keeps the focus in the widget`, async (t) => {
    const { page } = await open(t);
    const first = await crowded(page, name);
    const lost = [];
    for (const label of ['Show the whole run', 'Reset']) {
      const button = first.button(label);
      await button.focus();
      await button.press('Enter');
      // A press takes effect in the next frame; the focus moves in the one after.
      await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done()))));
      // mdBook turns the page on an arrow that nobody in the page has taken.
      if (!(await first.host.evaluate((host) => document.activeElement === host))) lost.push(label);
    }
    assert.deepEqual(lost, []);
  });
}

test("the same keys outside of a widget are the book's", async (t) => {
  const { page } = await open(t);
  for (const [key, changed] of [['s', { search: true }], ['/', { search: true }], ['?', { help: true }]]) {
    await page.goto(address('sessions-never-closed'));
    const before = await page.evaluate(bookState);
    await page.keyboard.press(key);
    assert.deepEqual(await page.evaluate(bookState), { ...before, ...changed }, key);
  }
  for (const [key, name] of [['ArrowLeft', 'introduction'], ['ArrowRight', 'debug-mode']]) {
    await page.goto(address('sessions-never-closed'));
    await page.keyboard.press(key);
    await page.waitForURL(address(name));
  }
});

test('arrows step, with Shift from error to error; Home, End and Space work; the page does not scroll', async (t) => {
  const { page } = await open(t);
  await page.goto(address('recycle-above-wait-timeout'));
  const first = await widget(page);
  const now = () => first.host.getByRole('slider', { name: 'Position in the run' }).inputValue().then(Number);
  const scrolled = () => page.evaluate(() => scrollY);
  await first.timeline.focus();
  const top = await scrolled();
  const error = await now();
  assert.equal(error, 25_000_000 + (error % 1_000_000), 'the run opens at its first error');
  await page.keyboard.press('ArrowLeft');
  assert.ok((await now()) <= error);
  await page.keyboard.press('Home');
  assert.equal(await now(), 0);
  await page.keyboard.press('ArrowRight');
  const step = await now();
  assert.ok(step > 0 && step < error);
  await page.keyboard.press('Shift+ArrowRight');
  assert.equal(await now(), error);
  await page.keyboard.press('End');
  assert.equal(await now(), 90_000_000);
  await page.keyboard.press('Shift+ArrowLeft');
  assert.ok((await now()) < 90_000_000);
  await page.keyboard.press(' ');
  await first.button('Pause').waitFor();
  await page.keyboard.press(' ');
  await first.button('Play').waitFor();
  assert.equal(await scrolled(), top);
});
