// The errors that the chapters are about, and what makes them go away.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { address, widget } from './lib/book.mjs';
import { useBrowser } from './lib/browser.mjs';

const open = useBrowser();

/** @param {import('./lib/book.mjs').Widget} widget @param {string} code @param {string} text */
async function fails(widget, code, text) {
  const { marks, outcome, log } = await widget.errors();
  assert.deepEqual(marks, [code], 'the numbers in the picture');
  assert.match(outcome, new RegExp(`failed \\(${code} ×\\d+\\)`), 'the outcome');
  assert.match(log, /Traceback \(most recent call last\)/, 'the log');
  assert.ok(log.includes(`(${code}, `) && log.includes(text), `the log says ${code}, ${text}:\n${log}`);
}

/** @param {import('./lib/book.mjs').Widget} widget */
async function works(widget) {
  const { marks, crosses, outcome, log } = await widget.errors();
  assert.deepEqual(marks, [], 'the numbers in the picture');
  assert.equal(crosses, 0, 'the crosses in the picture');
  const [, requests, served] = /^(\d+) requests: (\d+) served\.$/.exec(outcome) ?? assert.fail(`the outcome: ${outcome}`);
  assert.equal(served, requests);
  assert.doesNotMatch(log, /Traceback/, 'the log');
}

/** Opens a chapter; the function returned says whether the page is still the one that was opened. */
async function chapter(t, name) {
  const { page } = await open(t);
  let navigations = 0;
  page.on('framenavigated', () => navigations++);
  await page.goto(address(name));
  assert.equal(navigations, 1);
  const first = await widget(page);
  return { page, first, stays: () => assert.equal(navigations, 1, 'the page has been left') };
}

for (const fix of ['session.close()', 'with Session() as session']) {
  test(`Sessions never closed: 1040 everywhere, and gone with ${fix}`, async (t) => {
    const { first, stays } = await chapter(t, 'sessions-never-closed');
    await first.log.getByText('Too many connections').waitFor(); // at once, since the run opens at its first error
    await fails(first, '1040', 'Too many connections');
    await first.choose('Session', fix);
    await works(first);
    await first.choose('Session', 'nobody closes it');
    await fails(first, '1040', 'Too many connections');
    stays();
  });
}

test('Sessions never closed: a smaller pool turns 1040 into the limit of QueuePool', async (t) => {
  const { first, stays } = await chapter(t, 'sessions-never-closed');
  await first.type('max_overflow', 2);
  const { outcome, log } = await first.errors();
  assert.doesNotMatch(outcome, /1040/);
  assert.match(log, /TimeoutError: QueuePool limit of size 3 overflow 2 reached/);
  stays();
});

test('Sessions never closed: the last run shows the fix', async (t) => {
  const { page } = await open(t);
  await page.goto(address('sessions-never-closed'));
  await works(await widget(page, 2));
});

test('pool_recycle above wait_timeout: 2013 first; below, the error is gone', async (t) => {
  const { first, stays } = await chapter(t, 'recycle-above-wait-timeout');
  await first.log.getByText('Lost connection').waitFor();
  await fails(first, '2013', 'Lost connection to MySQL server during query');
  await first.type('pool_recycle', 5);
  await works(first);
  stays();
});

test('pool_recycle above wait_timeout: Reset brings the error back, pool_pre_ping removes it', async (t) => {
  const { first, stays } = await chapter(t, 'recycle-above-wait-timeout');
  await first.type('pool_recycle', 5);
  await works(first);
  await first.restore();
  await fails(first, '2013', 'Lost connection to MySQL server during query');
  await first.switch('pool_pre_ping');
  await works(first);
  stays();
});

for (const [knob, label, code, text] of [
  ['transport', 'unix', '2006', 'MySQL server has gone away'],
  ['driver', 'mysqlclient', '4031', 'The client was disconnected by the server because of inactivity'],
  ['server', 'mariadb-10.11', '2006', 'MySQL server has gone away'],
]) {
  test(`pool_recycle above wait_timeout: ${knob} ${label} makes it ${code}`, async (t) => {
    const { first, stays } = await chapter(t, 'recycle-above-wait-timeout');
    await fails(first, '2013', 'Lost connection');
    await first.choose(knob, label);
    await fails(first, code, text);
    await first.restore();
    await fails(first, '2013', 'Lost connection');
    stays();
  });
}

test('pool_recycle above wait_timeout: the last run shows the fix', async (t) => {
  const { page } = await open(t);
  await page.goto(address('recycle-above-wait-timeout'));
  await works(await widget(page, 2));
});
