// Tests of scenarios without a browser, as anybody can write them: `node --test`.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';

// In a project of your own: import { simulate } from 'poolscope/headless';
const PACKAGE = new URL(`file://${process.env.SITES}/package/`);
const { simulate } = await import(new URL('headless.node.js', PACKAGE).href);
const scenario = JSON.parse(await readFile(new URL('scenarios/recycle-above-wait-timeout.json', PACKAGE), 'utf8'));

test('the page still shows a 2013', async () => {
  const { outcome, trace, tasks } = await simulate(scenario);
  assert.ok(outcome.errors['2013'] >= 1);
  const first = trace.find((event) => event.event === 'raise');
  assert.match(String(first?.error), /Lost connection to MySQL server during query/);
  assert.ok(first?.task !== undefined && tasks[first.task]);
});

test('the fix that the page recommends works', async () => {
  const { outcome } = await simulate(scenario, { set: { 'engine.pool_recycle': 5 } });
  assert.deepEqual([outcome.failed, outcome.served], [0, outcome.requests]);
});

test('the same seed gives the same run', async () => {
  assert.deepEqual(await simulate(scenario, { set: { seed: 7 } }), await simulate(JSON.stringify(scenario), { set: { seed: 7 } }));
});

test('a wrong scenario is an error that says everything', async () => {
  const wrong = { ...scenario, sed: 1, until: '8 parsecs' };
  await assert.rejects(simulate(wrong), (error) => {
    assert.match(error.message, /unknown key `sed`/);
    assert.match(error.message, /`parsecs` is not a unit of time/);
    return true;
  });
  await assert.rejects(simulate(scenario, { set: { 'engine.pool_sise': 5 } }), /did you mean `pool_size`/);
  assert.equal((await simulate(scenario)).outcome.truncated, undefined);
});

test('a hundred runs one after another', async () => {
  for (let seed = 0; seed < 100; seed++) assert.ok((await simulate(scenario, { set: { seed } })).trace.length > 10);
});
