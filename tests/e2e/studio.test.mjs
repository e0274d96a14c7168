// What the widget can do once a reader asks for more: links, comparison, faults, maps, things to take along.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { address, widget } from './lib/book.mjs';
import { useBrowser } from './lib/browser.mjs';

const open = useBrowser();
const PAGE = address('recycle-above-wait-timeout');

/** The widget with its tools. @param {import('playwright-core').Page} page */
async function studio(page) {
  await page.goto(PAGE);
  const own = await widget(page);
  await own.button('More tools').click();
  await own.host.locator('[part=tools]').waitFor();
  return own;
}

test('the tools are loaded when they are asked for, and keep the reader where they were', async (t) => {
  const { page } = await open(t);
  const loaded = [];
  page.on('request', (request) => loaded.push(new URL(request.url()).pathname));
  await page.goto(PAGE);
  const own = await widget(page);
  await own.type('pool_recycle', 7);
  const outcome = await own.outcome.textContent();
  assert.ok(!loaded.some((path) => path.includes('/studio/')), 'nothing of it is loaded before');
  await own.button('More tools').click();
  await own.host.locator('[part=tools]').waitFor();
  // The button is gone; the focus is on the first of what has come.
  assert.equal(await page.evaluate(() => document.querySelector('pool-scope').shadowRoot.activeElement?.closest('[part=tools]') !== null), true);
  assert.equal(await page.evaluate(() => document.activeElement?.localName), 'pool-scope');
  assert.equal(await own.outcome.textContent(), outcome);
  assert.equal(await own.host.getByRole('spinbutton', { name: /^pool_recycle/ }).inputValue(), '7');
});

test('a link opens the same moment of the same run', async (t) => {
  const { page } = await open(t);
  const own = await studio(page);
  await own.switch('pool_pre_ping');
  await own.timeline.press('Home');
  await own.timeline.press('p');
  const now = await own.host.locator('output.now').textContent();
  await own.button('Zoom in').click();
  await own.button('Link to this moment').click();
  const link = await own.host.locator('.taken').textContent();
  assert.match(link ?? '', /^#poolscope=1&scenario=recycle-above-wait-timeout&engine\.pool_pre_ping=true&at=4\.0005s&event=pinged&view=.*&lang=en$/);

  const { page: fresh } = await open(t);
  await fresh.goto(PAGE + link);
  const again = await widget(fresh);
  await again.host.locator('[part=tools]').waitFor();
  assert.equal(await again.host.locator('output.now').textContent(), now);
  assert.ok(await again.host.getByRole('checkbox', { name: 'pool_pre_ping', exact: true }).isChecked());
  await again.host.locator('.overview').waitFor();
  await again.button('Link to this moment').click();
  assert.equal(await again.host.locator('.taken').textContent(), link);
});

test('a broken link says what is wrong with it, and shows the scenario', async (t) => {
  const { page } = await open(t);
  await page.goto(`${PAGE}#poolscope=1&scenario=recycle-above-wait-timeout&engine.pool_size=-4&at=soon&x=%3Cimg%20src=x%20onerror=alert(1)%3E`);
  const own = await widget(page);
  const mistake = await own.host.getByRole('alert').textContent();
  assert.match(mistake ?? '', /link: at: .*a time such as 25\.04s/s);
  assert.match(await own.outcome.textContent() ?? '', /12 requests: 10 served/);
});

test('two runs are compared beside each other', async (t) => {
  const { page } = await open(t);
  const own = await studio(page);
  await own.switch('pool_pre_ping');
  await own.host.getByRole('checkbox', { name: /^Compare/ }).check();
  const rows = await own.host.locator('.comparison tbody tr').allTextContents();
  assert.ok(rows.some((row) => /^served\s*10\s*12.*better/.test(row)), rows.join('\n'));
  assert.ok(rows.some((row) => /^failed: 2013\s*2\s*0.*better/.test(row)), rows.join('\n'));
  assert.equal(await own.picture.locator('path.part').count(), 1);
  assert.ok((await own.picture.getByText('before', { exact: true }).count()) > 2);
});

test('a fault forks the future, and is undone', async (t) => {
  const { page } = await open(t);
  const own = await studio(page);
  const plain = await own.outcome.textContent();
  await own.timeline.press('Home');
  await own.host.getByRole('slider', { name: 'Position in the run' }).fill('3000000');
  const fault = own.host.getByRole('combobox', { name: 'What if, at this moment' });
  await fault.selectOption('KILL of every connection');
  await own.changes(() => own.button('Throw it in').click());
  const forked = await own.outcome.textContent();
  assert.notEqual(forked, plain);
  await own.changes(() => own.button('Undo').click());
  assert.equal(await own.outcome.textContent(), plain);
  await own.changes(() => own.button('Redo').click());
  assert.equal(await own.outcome.textContent(), forked);
});

test('the network is cut at the playhead, for all or for what is idle; each is undone', async (t) => {
  const { page } = await open(t);
  const own = await studio(page);
  const plain = await own.outcome.textContent();
  // Between two requests every connection lies in the pool; nothing tells the pool what happens to it.
  await own.host.getByRole('slider', { name: 'Position in the run' }).fill('3000000');
  const fault = own.host.getByRole('combobox', { name: 'What if, at this moment' });
  const outcomes = [];
  for (const label of ['the network forgets idle connections', 'the network cuts every connection', 'the network cuts connection #1']) {
    await fault.selectOption(label);
    await own.changes(() => own.button('Throw it in').click());
    outcomes.push(await own.outcome.textContent());
    assert.match((await own.host.locator('.tools').textContent()) ?? '', /Thrown in: the network cuts/);
    await own.button('Link to this moment').click();
    assert.match((await own.host.locator('.taken').textContent()) ?? '', /fault=cut(\.\d)?@3s/);
    await own.changes(() => own.button('Undo').click());
    assert.equal(await own.outcome.textContent(), plain);
  }
  for (const outcome of outcomes) assert.notEqual(outcome, plain);
  await own.changes(() => own.button('Redo').click());
  assert.equal(await own.outcome.textContent(), outcomes[2]);
});

test('idle time folds; keys, wheel and the overview move and zoom', async (t) => {
  const { page } = await open(t);
  const own = await studio(page);
  await own.host.getByRole('checkbox', { name: 'Fold idle time' }).check();
  assert.ok((await own.picture.locator('path.fold').count()) > 0);
  await own.timeline.press('z');
  assert.equal(await own.picture.locator('path.fold').count(), 0);
  await own.timeline.press('Home');
  await own.timeline.press('e');
  assert.match((await own.host.locator('output.now').textContent()) ?? '', /^25/);
  const overview = own.host.getByRole('slider', { name: 'The whole run' });
  await own.timeline.press('+');
  const seen = await overview.getAttribute('aria-valuetext');
  await own.timeline.press(']');
  assert.notEqual(await overview.getAttribute('aria-valuetext'), seen);
  await own.timeline.press('0');
  assert.equal(await overview.count(), 0);
  await own.timeline.hover();
  await page.keyboard.down('Control');
  await page.mouse.wheel(0, -200);
  await page.keyboard.up('Control');
  await overview.waitFor();
  const scrolled = await page.evaluate(() => scrollY);
  await page.mouse.wheel(0, 50);
  await page.waitForFunction((before) => scrollY !== before, scrolled);
});

test('a line of the program shows every moment it ran', async (t) => {
  const { page } = await open(t);
  const own = await studio(page);
  const line = own.host.locator('.listing code > span', { hasText: 'session.execute' });
  await line.getByRole('button').click();
  const runs = own.host.locator('.runs button');
  assert.equal(await runs.count(), 12);
  await runs.nth(4).click();
  assert.match((await own.host.locator('output.now').textContent()) ?? '', /^25/);
});

test('a map of two options is filled by a worker, and opens its runs', async (t) => {
  const { page } = await open(t);
  const own = await studio(page);
  const [x, y] = await own.host.getByRole('combobox', { name: 'Map of two options' }).all();
  await x.selectOption('pool_recycle');
  await y.selectOption('wait_timeout');
  await own.button('Draw').click();
  const cells = own.host.locator('.map td button');
  await page.waitForFunction(() => {
    const host = document.querySelector('pool-scope');
    const all = host?.shadowRoot?.querySelectorAll('.map td') ?? [];
    return all.length > 100 && [...all].every((cell) => cell.textContent !== '');
  });
  const told = await cells.evaluateAll((all) => all.map((cell) => cell.getAttribute('aria-label') ?? ''));
  assert.ok(told.some((text) => /: 0\/12/.test(text)) && told.some((text) => /: [1-9]\d*\/12 2013/.test(text)), told.join('\n'));
  const safe = told.findIndex((text) => /: 0\/12/.test(text));
  await own.changes(() => cells.nth(safe).click());
  assert.equal(await own.outcome.textContent(), '12 requests: 12 served.');
});

test('a run can be taken along', async (t) => {
  const { page } = await open(t);
  const own = await studio(page);
  await own.type('pool_recycle', 7);
  await own.button('Fence for mdBook').click();
  assert.match((await own.host.locator('.taken').textContent()) ?? '', /^```poolscope\nscenario = "recycle-above-wait-timeout"\nat = "25.*"\n\[set\]\n"engine\.pool_recycle" = 7\n```\n$/);
  await own.button('HTML').click();
  assert.match((await own.host.locator('.taken').textContent()) ?? '', /^<pool-scope scenario='recycle-above-wait-timeout' knobs='{"engine.pool_recycle":7}'/);
  for (const [name, ending, begins] of [
    ['Python script', '.py', '#!/usr/bin/env python3'],
    ['SVG', '.svg', '<svg xmlns='],
    ['PNG', '.png', '\x89PNG'],
    ['JSON Lines', '.jsonl', '{"at":'],
    ['Perfetto', '.perfetto.json', '{"displayTimeUnit":"ms","traceEvents":['],
  ]) {
    const [download] = await Promise.all([page.waitForEvent('download'), own.button(name).click()]);
    assert.equal(download.suggestedFilename(), `recycle-above-wait-timeout${ending}`);
    const bytes = await readFile(await download.path());
    assert.ok(bytes.toString('latin1').startsWith(begins), `${name}: ${bytes.subarray(0, 40)}`);
  }
});

test('arrows lead from the first cause to the error, when they are asked for', async (t) => {
  const { page } = await open(t);
  const own = await studio(page);
  const arrows = own.host.locator('.overlay .arrows');
  assert.equal(await arrows.count(), 0, 'off by default');
  await own.timeline.press('Home');
  await own.timeline.press('e');
  await own.timeline.press('a');
  const drawn = async () => ((await arrows.getAttribute('d')) ?? '').match(/M[\d.]+ [\d.]+Q/g)?.length ?? 0;
  assert.ok((await drawn()) >= 2, `${await drawn()} arrows`);
  assert.ok(await own.host.getByRole('checkbox', { name: 'Arrows from cause to effect' }).isChecked());
  // The last arrow ends at the error, the first begins at what the causes end with; the list says the same.
  const causes = own.host.locator('.causes li');
  assert.ok((await causes.count()) > (await drawn()));
  const end = await arrows.evaluate((path) => {
    const last = /(\d+) (\d+)$/.exec(path.getAttribute('d'));
    const chosen = path.closest('svg').querySelector('.chosen').getBBox();
    return { dx: Math.abs(Number(last[1]) - chosen.x - chosen.width / 2), dy: Math.abs(Number(last[2]) - chosen.y - chosen.height / 2) };
  });
  assert.ok(end.dx < 3 && end.dy < 3, JSON.stringify(end));
  // A cause is reached by keyboard, and its own chain is shorter.
  const before = await drawn();
  await causes.nth(2).getByRole('button').press('Enter');
  assert.ok((await drawn()) < before);
  await own.timeline.press('a');
  assert.equal(await arrows.count(), 0);
});

test('the run as a table: each row leads to its moment, and follows the knobs', async (t) => {
  const { page } = await open(t);
  const own = await studio(page);
  await own.host.getByRole('checkbox', { name: 'The run as a table' }).check();
  const rows = own.host.locator('[part=outline] tbody tr');
  const errors = own.host.locator('[part=outline] tr.error');
  assert.equal(await errors.count(), 2);
  const error = errors.first().getByRole('button');
  const at = await error.textContent();
  await error.click();
  assert.ok(((await own.host.locator('output.now').textContent()) ?? '').startsWith(at ?? '?'));
  assert.equal(await own.host.locator('[part=outline] [aria-current=step]').count(), 1);
  const before = await rows.count();
  await own.switch('pool_pre_ping');
  assert.equal(await errors.count(), 0);
  assert.notEqual(await rows.count(), before);
});

test("the pool's log and the counters of the server are those of the moment", async (t) => {
  const { page } = await open(t);
  const own = await studio(page);
  await own.host.getByRole('checkbox', { name: /^Log of the pool/ }).check();
  const part = own.host.locator('[part=poollog]');
  const log = () => part.locator('pre').innerText();
  const counted = async (name) => Number(await part.locator('tr', { hasText: new RegExp(`^${name}`) }).locator('td').textContent());
  await own.timeline.press('Home');
  assert.equal((await log()).trim(), '');
  assert.equal(await counted('Connections'), 0);
  await own.host.getByRole('slider', { name: 'Position in the run' }).fill('1500000');
  assert.match(await log(), /^ +1\.003000 DEBUG sqlalchemy\.pool\.impl\.QueuePool Created new connection <pymysql.*\n/m);
  assert.deepEqual([await counted('Threads_connected'), await counted('Connections')], [2, 2]);
  await own.timeline.press('e');
  assert.match(await log(), /25\.000000 INFO sqlalchemy\.pool\.impl\.QueuePool Invalidate connection .*OperationalError:\(2013/);
  assert.equal(await counted('Aborted_clients'), 2);
  // With another run it is another log.
  await own.switch('pool_pre_ping');
  await own.host.getByRole('slider', { name: 'Position in the run' }).fill('4050000');
  assert.match(await log(), /DEBUG sqlalchemy\.pool\.impl\.QueuePool Pool pre-ping on connection/);
});

test('a playing run that is scrolled out of sight stands still, and goes on in sight', async (t) => {
  const { page } = await open(t);
  await page.goto(PAGE);
  const own = await widget(page);
  await own.timeline.press('Home');
  await own.button('Play').click();
  const now = () => own.host.locator('input.scrubber').inputValue().then(Number);
  await page.waitForFunction(() => Number(document.querySelector('pool-scope').shadowRoot.querySelector('.scrubber').value) > 0);
  await page.evaluate(() => scrollTo(0, document.body.scrollHeight));
  await page.waitForTimeout(200);
  const away = await now();
  await page.waitForTimeout(800);
  assert.equal(await now(), away);
  await own.host.evaluate((host) => host.scrollIntoView());
  await page.waitForFunction((away) => Number(document.querySelector('pool-scope').shadowRoot.querySelector('.scrubber').value) > away, away);
});
