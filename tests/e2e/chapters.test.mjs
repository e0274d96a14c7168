// Every page of the book in both languages: each widget runs; each pitfall has a run that fails with the very text of its error, and one that does not.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EDITIONS, PAGES, address, widget, widgets } from './lib/book.mjs';
import { useBrowser } from './lib/browser.mjs';

const open = useBrowser();

/** Which widget of the page (from 0) fails, with which error, and which one is mended: without any error, or without this one. */
const PITFALLS = {
  'sessions-never-closed': [[0, "(1040, 'Too many connections')"], [1, 'QueuePool limit of size 3 overflow 2 reached'], [2]],
  'scoped-session': [[0, 'PendingRollbackError'], [2]],
  'recycle-above-wait-timeout': [[0, "(2013, 'Lost connection to MySQL server during query')"], [2]],
  'pre-ping': [[0, "(2013, 'Lost connection to MySQL server during query')"], [2], [3], [4, "(2013, 'Lost connection to MySQL server during query')"]],
  'debug-mode': [[0, 'QueuePool limit of size 2 overflow 1 reached'], [2, undefined, 'QueuePool limit']],
  middleboxes: [[0, "(2013, 'Lost connection to MySQL server during query')"], [1, '[Errno 110] Connection timed out'], [3], [4], [5]],
  apscheduler: [[0, "(2013, 'Lost connection to MySQL server during query')"], [1], [2]],
  arithmetic: [[0, "(1040, 'Too many connections')"], [1, "(1040, 'Too many connections')"], [2], [3, "(2013, 'Lost connection to MySQL server during query')"]],
  tornado: [[0, 'PendingRollbackError'], [3, 'readexactly() called while another coroutine is already waiting'], [4], [5], [6, 'QueuePool limit of size 2 overflow 1 reached']],
};
/** Pages that are about no error of their own. */
const OTHERS = ['introduction', 'fix-this-service', 'recognise', 'settings', 'playground', 'how-true'];

test('every page is a pitfall or one of the others', () => {
  assert.deepEqual([...Object.keys(PITFALLS), ...OTHERS].sort(), [...PAGES].sort());
});

for (const edition of EDITIONS) {
  for (const name of PAGES) {
    test(`${edition}/${name}: every widget runs`, async (t) => {
      const { page, problems } = await open(t);
      await page.goto(address(name, edition));
      assert.equal(await page.locator('html').getAttribute('lang'), edition);
      for (const { host } of await widgets(page)) assert.equal(await host.getAttribute('lang'), edition);
      assert.deepEqual(problems, []);
    });
  }

  for (const [name, runs] of Object.entries(PITFALLS)) {
    test(`${edition}/${name}: the error as quoted, and the fix without it`, async (t) => {
      const { page } = await open(t);
      await page.goto(address(name, edition));
      const quoted = (await page.locator('main pre').allTextContents()).join('\n');
      for (const [n, error, never] of runs) {
        const { crosses, log } = await (await widget(page, n)).errors();
        if (error) {
          assert.ok(crosses > 0, `widget ${n} shows no error`);
          assert.ok(log.includes(error), `widget ${n} does not say ${error}:\n${log}`);
          // The numbers in the text are those of the run.
          const words = (/** @type {string} */ text) => text.replaceAll(/\d+/g, '#');
          assert.ok(n > 0 || words(quoted).includes(words(error)), `the page does not quote ${error}`);
        } else if (never) {
          assert.ok(!log.includes(never), `widget ${n} says ${never}`);
        } else {
          assert.equal(crosses, 0, `widget ${n} shows an error`);
          assert.doesNotMatch(log, /Traceback/);
        }
      }
    });
  }

  test(`${edition}: links lead to pages and headings that exist`, async (t) => {
    const { page } = await open(t, { javaScriptEnabled: false });
    /** @type {Map<string, Set<string>>} */
    const ids = new Map();
    /** @type {[string, string][]} */
    const links = [];
    for (const name of PAGES) {
      await page.goto(address(name, edition));
      const found = await page.evaluate(() => ({
        ids: [...document.querySelectorAll('[id]')].map(({ id }) => id),
        links: [...document.querySelectorAll('main a[href], .right-buttons a')].map((a) => /** @type {HTMLAnchorElement} */ (a).href),
      }));
      ids.set(address(name, edition), new Set(found.ids));
      links.push(.../** @type {[string, string][]} */ (found.links.map((link) => [name, link])));
    }
    const own = new URL(address('x', edition)).origin;
    const broken = [];
    for (const [name, link] of links) {
      const url = new URL(link);
      if (url.origin !== own) {
        if (url.protocol !== 'https:') broken.push(`${name}: ${link}`);
        continue;
      }
      const hash = decodeURIComponent(url.hash.slice(1));
      url.hash = '';
      const there = ids.get(url.href);
      if (there ? hash && !there.has(hash) : !(await page.request.head(url.href)).ok()) broken.push(`${name}: ${link}`);
    }
    assert.ok(links.length > 30, `${links.length} links`);
    assert.deepEqual(broken, []);
  });

  test(`${edition}: no page scrolls sideways on a phone`, async (t) => {
    const { page } = await open(t, { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true });
    const wide = [];
    for (const name of PAGES) {
      await page.goto(address(name, edition));
      await widgets(page);
      const width = await page.evaluate(() => document.scrollingElement?.scrollWidth);
      if (width !== 390) wide.push(`${name}: ${width}`);
    }
    assert.deepEqual(wide, []);
  });

  test(`${edition}: the entry of errors needs no scrolling on a phone`, async (t) => {
    const { page } = await open(t, { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true });
    await page.goto(address('introduction', edition));
    const table = page.locator('main .table-wrapper').first();
    const { has, shows } = await table.evaluate((of) => ({ has: of.scrollWidth, shows: of.clientWidth }));
    assert.equal(has, shows);
  });
}

test('the language switch keeps the page, the knobs and the moment', async (t) => {
  const { page } = await open(t);
  await page.goto(address('recycle-above-wait-timeout'));
  const first = await widget(page);
  await first.type('pool_recycle', 17);
  await first.timeline.press('ArrowRight');
  await first.timeline.press('ArrowRight');
  const at = await first.host.locator('[part=transport]').textContent();
  await page.locator('a.language').click();
  await page.waitForURL('**/zh-CN/recycle-above-wait-timeout.html*');
  const there = await widget(page);
  assert.equal(await there.host.getByRole('spinbutton', { name: /^pool_recycle\b/ }).inputValue(), '17');
  assert.equal(await there.host.locator('[part=transport]').textContent(), at);
});

test('a question is answered by the run', async (t) => {
  const { page } = await open(t);
  await page.goto(address('recycle-above-wait-timeout'));
  const form = page.locator('form.predict');
  const verdict = form.locator('> output'); // the widget has some of its own
  assert.equal(await verdict.textContent(), '');
  await form.getByRole('radio', { name: '2', exact: true }).check();
  await form.locator('> output.wrong').waitFor();
  assert.equal(await verdict.textContent(), 'No: the run comes to 3.');
  await form.getByRole('radio', { name: '3', exact: true }).check();
  await form.locator('> output.right').waitFor();
});

for (const edition of EDITIONS) {
  test(`${edition}: every chapter's fixed run says where it parts from the broken one, and can be taken there`, async (t) => {
    const { page } = await open(t);
    for (const name of Object.keys(PITFALLS)) {
      await page.goto(address(name, edition));
      const button = page.locator('.parting button').first();
      await button.waitFor({ state: 'attached' });
      const at = (await button.textContent()) ?? '';
      const frame = page.locator('.poolscope').filter({ has: page.locator('.parting') }).first();
      // The picture for those who have no widget is marked at the same instant.
      assert.equal(await frame.locator('pool-scope > svg .part').count() > 0, true, `${name}: no mark in the picture`);
      await frame.evaluate((host) => host.scrollIntoView());
      const transport = frame.locator('pool-scope [part=transport]');
      await transport.waitFor();
      await frame.locator('pool-scope [part=timeline]').press('End');
      await button.click();
      await frame.locator('pool-scope [part=transport]', { hasText: at }).waitFor();
    }
  });

  test(`${edition}: on a phone, what to do now begins on the first screen of every pitfall`, async (t) => {
    const { page } = await open(t, { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true });
    const late = [];
    for (const name of Object.keys(PITFALLS)) {
      await page.goto(address(name, edition));
      const { y } = (await page.locator('.blockquote-tag-tip').first().boundingBox()) ?? { y: Infinity };
      if (y > 844 - 60) late.push(`${name}: ${y}`);
    }
    assert.deepEqual(late, []);
  });
}

test('a task is done when the run keeps the budget', async (t) => {
  const { page } = await open(t);
  await page.goto(address('fix-this-service'));
  const task = page.locator('.fix').nth(1);
  const night = await widget(page, 1);
  await task.locator('output', { hasText: 'Not fixed yet: 1 over the budget.' }).waitFor();
  // What is asked for is read before the knobs are turned.
  const [budget, run] = [await task.locator('table.score').boundingBox(), await night.host.boundingBox()];
  assert.ok(budget.y + budget.height < run.y, `the budget ends at ${budget.y + budget.height}, the run begins at ${run.y}`);
  await night.switch('pool_pre_ping');
  await task.locator('tr[data-of=pings].bad').waitFor();
  await night.switch('pool_pre_ping');
  await night.type('pool_recycle', 9);
  await task.locator('output', { hasText: 'Fixed: everything is within the budget.' }).waitFor();
});

/** What others have asked, as runs: the scenario, its error, and the page that answers it. */
const ASKED = [
  ['asked-flask-sqlalchemy-449', "(2013, 'Lost connection to MySQL server during query')", 'pre-ping'],
  ['asked-sqlalchemy-4907', "(2006, \"MySQL server has gone away (ConnectionResetError(104, 'Connection reset by peer'))\")", 'pre-ping'],
  ['asked-sqlalchemy-5566', 'PendingRollbackError', 'scoped-session'],
  ['tornado-recycle-does-nothing', 'PendingRollbackError', 'tornado'],
  ['apscheduler-own-engine', "(2013, 'Lost connection to MySQL server during query')", 'apscheduler'],
];
for (const edition of EDITIONS) {
  test(`${edition}: the questions of others are runs, and lead to their answers`, async (t) => {
    const { page } = await open(t);
    await page.goto(address('introduction', edition));
    const rows = page.locator('#asked-before ~ .table-wrapper tbody tr');
    assert.equal(await rows.count(), ASKED.length);
    const links = await rows.evaluateAll((rows) => rows.map((row) => [...row.querySelectorAll('a')].map((a) => a.href)));
    for (const [n, [scenario, error, answer]] of ASKED.entries()) {
      const [there, run] = links[n];
      assert.equal(new URL(there).pathname.split('/').pop(), `${answer}.html`);
      assert.equal(run, `${address('playground', edition)}?scenario=${scenario}`);
      await page.goto(run);
      const first = await widget(page);
      const { log, crosses } = await first.errors();
      assert.ok(crosses > 0 && log.includes(error), `${scenario}: ${log}`);
    }
  });
}

test('the playground: any scenario, and an address that says which', async (t) => {
  const { page, problems } = await open(t);
  await page.goto(address('playground'));
  const first = await widget(page);
  await first.host.evaluate((host) => {
    globalThis.ran = new Promise((resolve) => host.addEventListener('outcome', resolve, { once: true }));
  });
  await page.locator('select.scenarios').selectOption('sessions-never-closed');
  await page.evaluate(() => globalThis.ran.then(() => undefined));
  await first.type('max_overflow', 2);
  assert.match(page.url(), /[?&]scenario=sessions-never-closed&.*knobs=/);
  await page.waitForLoadState('networkidle');
  await page.reload();
  const again = await widget(page);
  assert.match((await again.outcome.textContent()) ?? '', /QueuePool limit/);
  assert.deepEqual(problems, []);
});
