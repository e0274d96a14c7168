// Links that somebody else made: hundreds of hostile ones, and those of released versions.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { address, widget } from './lib/book.mjs';
import { useBrowser } from './lib/browser.mjs';

const open = useBrowser();

const PIECES = [
  '&engine.pool_size=', '&engine.pool_recycle=-1', '&engine.max_overflow=99999999999', '&variables.wait_timeout=0', '&seed=18446744073709551615',
  '&programs.handler.text=', '&at=', '&at=25s', '&at=1e9s', '&view=', '&view=9s..3s', '&view=20s..30s', '&event=raise.', '&event=', '&fault=kill@',
  '&fault=restart.1us@', '&fault=kill@20s', '&lang=zh-CN', '&lang=', '&idle=folded', '&compare=plain', '5', '0.000001s', '99999999999999999999',
  '%', '%00', '%F0%9F', '\u202e', '简体', '&', '=', '..', '"', "'", '</script>', '<img src=x onerror="window.hacked=1">',
  '%3Cimg%20src=x%20onerror=window.hacked=1%3E', '%3Cscript%3Ewindow.hacked=1%3C/script%3E', 'javascript:window.hacked=1', '&driver=%22onload=%22window.hacked=1',
  '&scenario=%3Csvg%20onload=window.hacked=1%3E', '${window.hacked=1}', '{{window.hacked=1}}', '&poolscope=2',
];

/** The same links on every machine. @param {number} seed */
function random(seed) {
  let state = seed;
  return (/** @type {number} */ below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

test('four hundred hostile links: no script runs, nothing hangs, the scenario is there afterwards', async (t) => {
  const { page, problems } = await open(t);
  await page.addInitScript(() => addEventListener('securitypolicyviolation', () => (window.hacked = 'policy')));
  page.on('dialog', (dialog) => (problems.push(dialog.message()), dialog.dismiss()));
  const base = address('recycle-above-wait-timeout');
  await page.goto(base);
  const own = await widget(page);
  const below = random(7);
  let told = 0;
  for (let n = 0; n < 400; n++) {
    let link = '#poolscope=1&scenario=recycle-above-wait-timeout';
    for (let pieces = 1 + below(6); pieces > 0; pieces--) link += PIECES[below(PIECES.length)];
    const settled = await page.evaluate(async (link) => {
      const host = document.querySelector('pool-scope');
      const began = performance.now();
      const loaded = new Promise((done) => {
        host.addEventListener('load', () => done(true), { once: true });
        setTimeout(() => done(false), 150);
      });
      location.hash = link;
      await loaded;
      return { ms: performance.now() - began, alert: host.shadowRoot.querySelector('[role=alert]:not([hidden])')?.textContent ?? '' };
    }, link);
    assert.ok(settled.ms < 10_000, `${link}: ${settled.ms} ms`);
    told += settled.alert === '' ? 0 : 1;
    if (n % 50 === 0) assert.equal(await page.evaluate(() => window.hacked), undefined, link);
  }
  assert.equal(await page.evaluate(() => window.hacked), undefined);
  assert.equal(await page.evaluate(() => document.querySelectorAll('script[src^="javascript"], pool-scope img').length), 0);
  assert.ok(told > 50, `${told} of them were told what is wrong`);
  assert.deepEqual(problems, []);
  await page.evaluate((link) => (location.hash = link), '#poolscope=1&scenario=recycle-above-wait-timeout&at=25s&lang=en');
  await own.host.locator('[part=tools]').waitFor();
  await page.waitForFunction(() => document.querySelector('pool-scope').shadowRoot.querySelector('output.now')?.textContent.startsWith('25 s'));
});

test('links of released versions open at their moment', async (t) => {
  const text = await readFile(new URL('../../crates/poolscope-timeline/tests/released-links.txt', import.meta.url), 'utf8');
  const links = text.split('\n').filter((line) => /scenario=(recycle-above-wait-timeout|sessions-never-closed|server-restart)&/.test(line)).map((line) => line.split(' ')[1]);
  assert.ok(links.length >= 5);
  const pages = { 'recycle-above-wait-timeout': 'recycle-above-wait-timeout', 'sessions-never-closed': 'sessions-never-closed', 'server-restart': 'pre-ping' };
  for (const link of links) {
    const { page } = await open(t);
    const name = /scenario=([\w-]+)/.exec(link)?.[1] ?? '';
    await page.goto(address(pages[name]) + link);
    const own = await widget(page);
    await own.host.locator('[part=tools]').waitFor();
    assert.equal(await own.host.locator('[role=alert]').isVisible(), false, link);
    await own.host.locator('.tools').getByRole('button').first().waitFor();
    const at = Number(/[&]at=([\d.]+)s/.exec(link)?.[1]) * 1e6;
    const now = Number(await own.host.locator('input.scrubber').inputValue());
    assert.ok(Math.abs(now - at) < 2, `${link}: ${now}`);
    await page.context().close();
  }
});
