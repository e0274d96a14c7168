// How fast the widget is in a real browser: each figure beside its target, in one table. Run by `cargo xtask bench --browser`; figures are
// to be read by people, and no test depends on them.
import { readFile } from 'node:fs/promises';
import { address, widget } from '../lib/book.mjs';
import { SITE, launch } from '../lib/browser.mjs';
import { SCRIPT, show } from '../lib/guest.mjs';
import { speedscope } from './speedscope.mjs';

/** @typedef {import('playwright-core').Page} Page */

/** @type {[what: string, figure: string, target: string, met: boolean | undefined][]} */
const rows = [];

/** @param {string} what @param {number} figure @param {string} unit @param {number} [target] the most it may be */
function row(what, figure, unit, target) {
  const shown = `${figure < 100 ? figure.toFixed(1) : Math.round(figure)} ${unit}`;
  rows.push([what, shown, target === undefined ? '' : `≤ ${target} ${unit}`, target === undefined ? undefined : figure <= target]);
  console.log(`${what}: ${shown}`);
}

/**
 * Milliseconds of a processor that the main thread of a page has used: what a change costs, whoever else uses the machine. Not the sum over
 * all pages: the browser starts a process for the next page while the first frames of this one are measured.
 * @param {Page} page
 */
async function clock(page) {
  const session = await page.context().newCDPSession(page);
  await session.send('Performance.enable');
  return async () => {
    const { metrics } = await session.send('Performance.getMetrics');
    return (metrics.find(({ name }) => name === 'ThreadTime')?.value ?? NaN) * 1e3;
  };
}

/**
 * Acts once a frame, and says of each what it took until it was painted: of the main thread's processor, by the clock, and between frames.
 * @param {Page} page @param {number} count @param {string} act  JavaScript of the page, with the number of the frame as `n`
 */
async function frames(page, count, act) {
  const figures = { cpu: [], wall: [] };
  await page.evaluate(`window.act = (n) => { ${act} }`);
  const used = await clock(page);
  for (let n = 0; n < count; n++) {
    const before = await used();
    figures.wall.push(await page.evaluate((n) => window.bench.frame(n), n));
    figures.cpu.push((await used()) - before);
  }
  return figures;
}

/** @param {string} what @param {{ cpu: number[], wall: number[] }} figures @param {number} target */
function told(what, { cpu, wall }, target) {
  row(`${what}: processor, p50`, percentile(cpu, 0.5), 'ms');
  row(`${what}: processor, p95`, percentile(cpu, 0.95), 'ms', target);
  row(`${what}: by the clock, p50`, percentile(wall, 0.5), 'ms');
  row(`${what}: by the clock, p95`, percentile(wall, 0.95), 'ms');
}

/** @param {number[]} figures @param {number} part */
const percentile = (figures, part) => figures.toSorted((a, b) => a - b)[Math.min(figures.length - 1, Math.floor(figures.length * part))];

/** What runs in the page, beside it. */
async function prepare() {
  /** Runs after the painting of the frame that it is asked for in. */
  const painted = () => new Promise((done) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => done(performance.now());
    port2.postMessage(undefined);
  });
  window.bench = {
    /** @param {number} n */
    async frame(n) {
      await new Promise((done) => requestAnimationFrame(done));
      const began = performance.now();
      window.act(n);
      return (await painted()) - began;
    },
    painted,
    root: () => document.querySelector('pool-scope').shadowRoot,
    /** @param {string} selector @param {unknown} value */
    input(selector, value) {
      const field = this.root().querySelector(selector);
      if (field.type === 'checkbox') field.checked = Boolean(value);
      else field.value = String(value);
      field.dispatchEvent(new Event('input', { bubbles: true, composed: true }));
    },
    /** @param {Partial<WheelEventInit>} init */
    wheel(init) {
      const stage = this.root().querySelector('.stage');
      const frame = stage.getBoundingClientRect();
      const middle = { clientX: frame.left + frame.width * 0.6, clientY: frame.top + 60 };
      stage.dispatchEvent(new WheelEvent('wheel', { bubbles: true, composed: true, cancelable: true, ...middle, ...init }));
    },
  };
  // Every memory of every module that the page runs.
  window.memories = [];
  for (const name of ['instantiate', 'instantiateStreaming']) {
    const own = WebAssembly[name];
    WebAssembly[name] = async (...all) => {
      const made = await own.apply(WebAssembly, all);
      const { exports } = made.instance ?? made;
      if (exports.memory instanceof WebAssembly.Memory) window.memories.push(exports.memory);
      return made;
    };
  }
  const Own = window.Worker;
  window.Worker = class extends Own {
    postMessage(data) {
      window.swept = data;
      super.postMessage(data);
    }
  };
  window.longest = 0;
  window.tasks = [];
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) window.tasks.push({ at: entry.startTime, ms: entry.duration });
  }).observe({ type: 'longtask', buffered: true });
}

/** @param {Page} page */
async function megabytes(page) {
  const session = await page.context().newCDPSession(page);
  await session.send('HeapProfiler.collectGarbage');
  const { metrics } = await session.send('Performance.getMetrics').catch(() => ({ metrics: [] }));
  const heap = await page.evaluate(() => performance.memory.usedJSHeapSize);
  const wasm = await page.evaluate(() => window.memories.reduce((sum, memory) => sum + memory.buffer.byteLength, 0));
  void metrics;
  return { heap: heap / 2 ** 20, wasm: wasm / 2 ** 20 };
}

/** A knob of a chapter, turned once a frame. @param {Page} page */
async function knobs(page) {
  for (const [name, knob, values] of [
    ['recycle-above-wait-timeout', 'pool_recycle', 40],
    ['sessions-never-closed', 'max_connections', 40],
    ['arithmetic', 'pool_size', 10],
  ]) {
    await page.goto(address(name));
    const own = await widget(page);
    const field = await own.host.getByRole('spinbutton', { name: new RegExp(`^${knob}\\b`) }).elementHandle();
    await page.evaluate((field) => (window.field = field), field);
    const figures = await frames(page, 120, `window.field.value = String(1 + (n * 7) % ${values}); window.field.dispatchEvent(new Event('input', { bubbles: true, composed: true }));`);
    told(`${name}: ${knob} turned → painted`, figures, 16);
  }
}

const HANDS = {
  scrub: 'window.bench.input(".scrubber", ((n * 7919) % 1000) * 28_000)',
  'zoom in and out': 'window.bench.wheel({ deltaY: n % 60 < 30 ? -60 : 60, ctrlKey: true })',
  'pan, near': 'window.bench.wheel({ deltaX: n % 60 < 30 ? 30 : -30, shiftKey: true })',
  'pan, far': 'window.bench.wheel({ deltaX: n % 60 < 30 ? 30 : -30, shiftKey: true })',
};

/** The run with its tools, which have the wheel. @param {Page} page @param {string} scenario */
async function withTools(page, scenario) {
  const { name } = JSON.parse(scenario);
  const url = `${SITE}guest/page.html#poolscope=1&scenario=${name}`;
  await page.route(`${SITE}guest/page.html`, (route) => route.fulfill({
    contentType: 'text/html',
    body: `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Guest</title><link rel="icon" href="data:,"></head><body><pool-scope id="${name}"></pool-scope>
      <script>document.querySelector('pool-scope').setAttribute('scenario', ${JSON.stringify(scenario)})</script>${SCRIPT}</body></html>`,
  }));
  await page.goto('about:blank');
  await page.goto(url);
  await page.locator('pool-scope [part=tools]').waitFor({ timeout: 60_000 });
}

/** A million events. @param {Page} page @param {string} scenario */
async function million(page, scenario) {
  await show(page, `<div id="here"></div>${SCRIPT}`);
  await page.waitForFunction(() => customElements.get('pool-scope'));
  const used = await clock(page);
  const before = await used();
  const opened = await page.evaluate(async (scenario) => {
    const host = document.createElement('pool-scope');
    host.setAttribute('scenario', scenario);
    const loaded = new Promise((done) => host.addEventListener('load', done));
    const began = performance.now();
    document.querySelector('#here').append(host);
    await loaded;
    await new Promise((done) => requestAnimationFrame(done));
    return (await window.bench.painted()) - began;
  }, scenario);
  row('a million events: opened and painted, by the clock', opened, 'ms', 1500);
  row('a million events: opened and painted, processor', (await used()) - before, 'ms', 1500);
  const small = await megabytes(page);
  row('a million events: memory of the module', small.wasm, 'MiB');
  row('a million events: memory in all', small.wasm + small.heap, 'MiB', 150);
  told('a million events: scrub', await frames(page, 120, HANDS.scrub), 16.7);

  await withTools(page, scenario);
  const tools = await megabytes(page);
  row('a million events with the tools: memory in all', tools.wasm + tools.heap, 'MiB', 150);
  for (const [hand, act] of Object.entries(HANDS)) {
    if (hand === 'pan, near') for (let n = 0; n < 12; n++) await page.evaluate(() => window.bench.wheel({ deltaY: -150, ctrlKey: true }));
    if (hand === 'pan, far') {
      await page.evaluate(() => window.bench.root().querySelector('[data-do=fit]').click());
      await page.evaluate(() => window.bench.wheel({ deltaY: -300, ctrlKey: true }));
    }
    told(`a million events, with the tools: ${hand}`, await frames(page, 120, act), 16.7);
  }
}

/** @param {Page} page @param {number} ms how much of a processor the page takes in this time, in percent */
async function busy(page, ms) {
  const session = await page.context().newCDPSession(page);
  await session.send('Performance.enable');
  const now = async () => {
    const { metrics } = await session.send('Performance.getMetrics');
    return metrics.find(({ name }) => name === 'TaskDuration')?.value ?? 0;
  };
  const before = await now();
  await page.waitForTimeout(ms);
  return ((await now()) - before) / ms * 1e5;
}

/** Twelve widgets on a page. @param {Page} page */
async function twelve(page) {
  const loaded = [];
  page.on('request', (request) => loaded.push(request.url()));
  const one = '<div style="height: 2500px"></div><pool-scope scenario="recycle-above-wait-timeout" lang="en"></pool-scope>';
  await show(page, `<h1>Twelve</h1>${one.repeat(12)}<div style="height: 2500px"></div>${SCRIPT}`);
  await page.waitForTimeout(1000);
  row('twelve widgets: modules loaded before one is near', loaded.filter((url) => url.endsWith('.wasm')).length, 'files', 0);
  row('twelve widgets, none near: main thread', await busy(page, 3000), '%', 1);
  for (let n = 0; n < 12; n++) await widget(page, n);
  row('twelve widgets: modules loaded for all of them', loaded.filter((url) => url.endsWith('.wasm')).length, 'files', 1);
  row('twelve widgets: memory in all', Object.values(await megabytes(page)).reduce((a, b) => a + b), 'MiB');
  await page.waitForTimeout(500);
  await page.evaluate(() => (window.tasks = []));
  row('twelve widgets at rest: main thread', await busy(page, 3000), '%', 1);
  // One plays, and is scrolled away.
  await page.locator('pool-scope').nth(5).getByRole('button', { name: 'Play', exact: true }).click();
  row('twelve widgets, one plays: main thread', await busy(page, 2000), '%');
  await page.evaluate(() => scrollTo(0, 0));
  await page.waitForTimeout(300);
  row('twelve widgets, one plays out of sight: main thread', await busy(page, 3000), '%', 2);
  const longest = await page.evaluate(() => window.tasks.reduce((most, task) => Math.max(most, task.ms), 0));
  row('twelve widgets: longest task after load', longest, 'ms', 50);
}

/** Ten thousand runs of a chapter's scenario, by the worker that fills maps. @param {Page} page */
async function map(page) {
  await page.goto(address('recycle-above-wait-timeout'));
  const own = await widget(page);
  await own.button('More tools').click();
  await own.host.locator('[part=tools]').waitFor();
  const [x, y] = await own.host.getByRole('combobox', { name: 'Map of two options' }).all();
  await x.selectOption('pool_recycle');
  await y.selectOption('wait_timeout');
  await own.button('Draw').click();
  await page.waitForFunction(() => window.swept !== undefined);
  await page.waitForTimeout(1500);
  const ms = await page.evaluate(async (url) => {
    const { module, request, total } = window.swept;
    const workers = Array.from({ length: Math.min(2, navigator.hardwareConcurrency) }, () => new Worker(url, { type: 'module' }));
    const began = performance.now();
    const rounds = Math.ceil(10_000 / total);
    await Promise.all(workers.map((worker, n) => new Promise((done) => {
      const own = Math.floor((rounds + workers.length - 1 - n) / workers.length);
      let left = own * total;
      worker.onmessage = ({ data }) => (left -= data.text.split('\n').length - 1) <= 0 && done(undefined);
      for (let round = 0; round < own; round++) worker.postMessage({ module, request, total, cells: 24 });
    })));
    return (performance.now() - began) * 10_000 / (rounds * total);
  }, `${SITE}poolscope/sweep.js`);
  row('phase map: 10,000 runs of a chapter', ms, 'ms', 2000);
}

/** The same run in speedscope. @param {Page} page @param {string} scenario */
async function beside(page, scenario) {
  await withTools(page, scenario);
  const button = page.locator('pool-scope').getByRole('button', { name: 'Perfetto', exact: true });
  const [download] = await Promise.all([page.waitForEvent('download', { timeout: 120_000 }), button.click()]);
  const used = await clock(page);
  const before = await used();
  const { ms, megabytes: size } = await speedscope(page, await download.path());
  row('speedscope, the same run: file', size, 'MiB');
  row('speedscope, the same run: opened, one thread of it', ms, 'ms');
  row('speedscope, the same run: processor until then', (await used()) - before, 'ms');
  row('speedscope, the same run: memory of its heap', (await megabytes(page)).heap, 'MiB');
  await page.evaluate(() => {
    const canvases = [...document.querySelectorAll('canvas')];
    const areas = canvases.map((canvas) => canvas.parentElement).filter(Boolean);
    const largest = areas.sort((a, b) => b.clientWidth * b.clientHeight - a.clientWidth * a.clientHeight)[0];
    window.area = largest;
  });
  const wheel = (init) => `const frame = window.area.getBoundingClientRect(); window.area.dispatchEvent(new WheelEvent('wheel', { bubbles: true, cancelable: true, clientX: frame.left + frame.width * 0.6, clientY: frame.top + 60, ...${init} }))`;
  told('speedscope, the same run, one thread: zoom in and out', await frames(page, 120, wheel('{ deltaY: n % 60 < 30 ? -60 : 60, ctrlKey: true }')), 16.7);
}

const scenario = JSON.stringify(JSON.parse(await readFile(new URL('./million.json', import.meta.url), 'utf8')));
const only = process.argv.slice(2);
const launched = await launch();
try {
  const parts = { knobs, million: (page) => million(page, scenario), twelve, map, speedscope: (page) => beside(page, scenario) };
  for (const [name, part] of Object.entries(parts)) {
    if (only.length > 0 && !only.includes(name)) continue;
    const context = await launched.browser.newContext({ viewport: { width: 1280, height: 900 } });
    const page = await context.newPage();
    await page.addInitScript(prepare);
    await part(page);
    await context.close();
  }
} finally {
  await launched.close();
}
const width = Math.max(...rows.map(([what]) => what.length));
console.log();
for (const [what, figure, target, met] of rows) {
  console.log(`${what.padEnd(width)}  ${figure.padStart(10)}  ${target.padStart(12)}  ${met === undefined ? '' : met ? 'met' : 'MISSED'}`);
}
