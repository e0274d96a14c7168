// The tools for everyone: axe, forced colours, fingers, less motion, paper.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import { address, widget } from './lib/book.mjs';
import { useBrowser } from './lib/browser.mjs';

const open = useBrowser();
const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
const PHONE = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true, deviceScaleFactor: 2 };

/** Everything that the tools can show at once. @param {import('playwright-core').Page} page @param {string} [edition] */
async function everything(page, edition = 'en') {
  const zh = edition === 'zh-CN';
  await page.goto(address('recycle-above-wait-timeout', edition));
  const own = await widget(page);
  await own.button(zh ? '更多工具' : 'More tools').click();
  const tools = own.host.locator('[part=tools]');
  await tools.waitFor();
  await own.switch('pool_pre_ping');
  for (const name of zh ? [/^与修改前/, /^从原因/, /^用表格/, /^连接池的日志/] : [/^Compare/, /^Arrows/, /^The run as/, /^Log of/]) await own.host.getByRole('checkbox', { name }).check();
  await own.host.locator('.lineno').nth(3).click();
  await own.host.locator('.runs').waitFor();
  await own.button(zh ? 'mdBook 代码块' : 'Fence for mdBook').click();
  const [x, y] = await own.host.getByRole('combobox', { name: zh ? '两个选项的全景图' : 'Map of two options' }).all();
  await x.selectOption('pool_recycle');
  await y.selectOption('wait_timeout');
  await own.button(zh ? '绘制' : 'Draw').click();
  await own.host.locator('.map td button').nth(100).waitFor();
  await own.button(zh ? '放大' : 'Zoom in').click();
  await own.host.locator('.overview').waitFor();
  return own;
}

for (const edition of ['en', 'zh-CN']) {
  for (const theme of ['light', 'navy']) {
    test(`${edition}, ${theme}: no violation in the tools, whatever they show`, async (t) => {
      const { page } = await open(t, { reducedMotion: 'reduce' });
      await page.addInitScript((theme) => localStorage.setItem('mdbook-theme', theme), theme);
      await everything(page, edition);
      await page.addScriptTag({ path: AXE });
      const found = await page.evaluate(async () => (await globalThis.axe.run('pool-scope')).violations);
      const told = found.flatMap(({ id, nodes }) => nodes.map(({ target, any }) => `${id}: ${target.flat().join(' ')} ${any[0]?.message ?? ''}`));
      assert.deepEqual(told, []);
    });
  }
}

test('forced colours: every shape of the picture and of the tools has a colour of the reader', async (t) => {
  const { page } = await open(t, { forcedColors: 'active' });
  const own = await everything(page);
  const unseen = await own.host.evaluate((host) => {
    const root = host.shadowRoot;
    const probe = root.querySelector('.tools').appendChild(document.createElement('i'));
    probe.style.color = 'Canvas';
    const ground = getComputedStyle(probe).color;
    probe.remove();
    const shapes = [...root.querySelectorAll('.stage path[d]:not([d=""]), .overview path[d]:not([d=""])')];
    const hides = (colour) => colour === 'none' || colour === ground || /^rgba\(.*, 0\)$/.test(colour);
    return shapes.filter((shape) => {
      const style = getComputedStyle(shape);
      return hides(style.fill) && hides(style.stroke);
    }).map((shape) => shape.getAttribute('class'));
  });
  assert.deepEqual([...new Set(unseen)], []);
  // What is checked, chosen or pressed is told by more than a colour.
  const box = own.host.getByRole('checkbox', { name: /^Compare/ });
  assert.equal(await box.evaluate((field) => getComputedStyle(field).appearance), 'auto');
});

test('on a phone everything to touch in the tools is at least 44 px in both directions', async (t) => {
  const { page } = await open(t, PHONE);
  const own = await everything(page);
  const [seen, small] = await own.host.evaluate((host) => {
    const controls = [...host.shadowRoot.querySelectorAll('button, input, select')].filter((e) => e.checkVisibility());
    const found = controls.map((control) => {
      const target = control.type === 'checkbox' ? control.closest('label') : control;
      const { width, height } = target.getBoundingClientRect();
      return { what: `${control.localName}.${control.className} ${control.ariaLabel ?? control.labels?.[0]?.textContent ?? control.textContent}`.slice(0, 60), width, height };
    });
    return [controls.length, found.filter(({ width, height }) => width < 43.9 || height < 43.9)];
  });
  assert.ok(seen > 150, `${seen} controls`);
  assert.deepEqual(small, []);
  const wide = await page.evaluate(() => document.scrollingElement.scrollWidth);
  assert.equal(wide, 390, 'the page does not scroll sideways');
  const comparison = await own.host.locator('.comparison').evaluate(({ scrollWidth, clientWidth }) => scrollWidth - clientWidth);
  assert.equal(comparison, 0, 'what is better or worse stands on the screen');
});

test('less motion: nothing plays by itself, and playing goes from step to step', async (t) => {
  const { page } = await open(t, { reducedMotion: 'reduce' });
  await page.goto(address('recycle-above-wait-timeout'));
  const own = await widget(page);
  const now = () => own.host.getByRole('slider', { name: 'Position in the run' }).inputValue();
  const begun = await now();
  await page.waitForTimeout(600);
  assert.equal(await now(), begun);
  await own.timeline.press('Home');
  const steps = [];
  const noting = own.host.evaluateHandle((host) => {
    const seen = [];
    host.addEventListener('seek', ({ detail }) => seen.push({ us: detail.us, at: performance.now() }));
    return seen;
  });
  const seen = await noting;
  await own.timeline.press(' ');
  await page.waitForTimeout(4200);
  await own.timeline.press(' ');
  steps.push(...(await seen.jsonValue()));
  assert.ok(steps.length >= 3 && steps.length <= 6, `${steps.length} steps in four seconds`);
  // 1.2 s, of which a busy machine may tell late.
  for (let n = 1; n < steps.length - 1; n++) assert.ok(steps[n].at - steps[n - 1].at > 600, 'each is there for a while');
  const moving = await own.host.evaluate((host) => host.shadowRoot.getAnimations().filter((a) => a.playState === 'running').length);
  assert.equal(moving, 0);
});

test('on paper: the run as it was published is its picture and its steps, one that was changed is the one on the screen', async (t) => {
  const { page } = await open(t);
  await page.goto(address('recycle-above-wait-timeout'));
  const own = await widget(page);
  await page.emulateMedia({ media: 'print' });
  const steps = own.host.locator('details tbody tr');
  assert.ok((await steps.count()) > 5);
  for (const row of await steps.all()) assert.ok(await row.isVisible());
  assert.ok(await own.host.locator('> svg, svg.ps').first().isVisible());
  assert.equal(await own.host.locator('[part=transport]').isVisible(), false);
  await page.emulateMedia({ media: 'screen' });
  assert.equal(await steps.first().isVisible(), false);

  const changed = await everything(page);
  await page.emulateMedia({ media: 'print' });
  assert.equal(await changed.host.locator('[part=tools]').isVisible(), false);
  assert.ok(await changed.picture.isVisible());
  assert.ok(await changed.host.locator('[part=outline] tbody tr').last().isVisible());
  const cut = await changed.host.locator('[part=outline]').evaluate((box) => box.scrollHeight - box.clientHeight);
  assert.ok(cut <= 1, `${cut} px of the table are cut off`);
});
