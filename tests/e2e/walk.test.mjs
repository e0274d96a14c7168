// Two readers walk through questions of the book: one has only a keyboard, the other reads only the run in words. Both find the answer in
// the chapter's first run, before they see that of the question.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EDITIONS, address, widget } from './lib/book.mjs';
import { useBrowser } from './lib/browser.mjs';

const open = useBrowser();

/** @typedef {import('playwright-core').Page} Page */

/**
 * The second chapter and the sixth, and the two that stand for all: what the question turns, what it asks for, and where a reader finds
 * that: in the outcome of the run, or in the rows of its table.
 */
const QUESTIONS = [
  { name: 'debug-mode', knob: 'max_overflow', value: '8', outcome: { en: /(\d+) failed/, 'zh-CN': /(\d+) 个失败/ }, rows: 'error' },
  { name: 'pre-ping', knob: 'pool_pre_ping', value: ' ', outcome: null, rows: /ping/i },
  { name: 'sessions-never-closed', knob: 'max_overflow', value: '2', outcome: { en: /\((\w+ \w+) ×/, 'zh-CN': /(QueuePool limit)/ }, rows: /exception: (QueuePool limit|\d+)/ },
  { name: 'recycle-above-wait-timeout', knob: 'pool_recycle', value: '-1', outcome: { en: /(\d+) failed/, 'zh-CN': /(\d+) 个失败/ }, rows: 'error' },
];

/** What has the focus, through all shadow roots, as a screen reader would say it. @param {Page} page */
const focused = (page) =>
  page.evaluate(() => {
    let element = document.activeElement;
    while (element?.shadowRoot?.activeElement) element = element.shadowRoot.activeElement;
    const label = element?.ariaLabel ?? element?.labels?.[0]?.textContent ?? element?.textContent ?? '';
    return `${element?.localName} ${element?.type ?? ''} ${label.trim().replaceAll(/\s+/g, ' ')}`;
  });

/** Presses Tab until something is reached. @param {Page} page @param {(here: string) => boolean} wanted */
async function tabTo(page, wanted) {
  const passed = [];
  for (let presses = 0; presses < 160; presses++) {
    const here = await focused(page);
    if (wanted(here)) return presses;
    passed.push(here.slice(0, 40));
    await page.keyboard.press('Tab');
  }
  throw new Error(`not reached by Tab: ${passed.join(' | ')}`);
}

/** Turns the knob of the question in the first run, by keys alone. @param {Page} page @param {{ knob: string, value: string }} question */
async function turn(page, { knob, value }) {
  const own = await widget(page);
  await page.locator('main h1 a, main h2 a').first().focus();
  await tabTo(page, (here) => here.startsWith('input') && here.includes(knob));
  await own.changes(async () => {
    if (value === ' ') return page.keyboard.press(' ');
    await page.keyboard.press('Control+A');
    return page.keyboard.type(value);
  });
  return own;
}

/** The table beside the run as it was, which has figures that the outcome has not. @param {Page} page */
async function compared(page, own) {
  await tabTo(page, (here) => /^button button (More tools|更多工具)/.test(here));
  await page.keyboard.press('Enter');
  await own.host.locator('[part=tools]').waitFor();
  await tabTo(page, (here) => /^input checkbox (Compare|与修改前)/.test(here));
  await page.keyboard.press(' ');
  return (await own.host.locator('[part=comparison] tr', { hasText: 'ping' }).locator('td, th').allTextContents()).join(' ');
}

for (const edition of EDITIONS) {
  for (const question of QUESTIONS) {
    test(`${edition}/${question.name}: by keyboard alone the question is answered`, async (t) => {
      const { page } = await open(t);
      await page.goto(address(question.name, edition));
      const own = await turn(page, question);
      const told = question.outcome ? (await own.host.locator('[part=outcome] strong').textContent()) ?? '' : await compared(page, own);
      const found = (question.outcome?.[edition] ?? /ping\D*\d+\D+(\d+)/).exec(told)?.[1] ?? '0';
      const presses = await tabTo(page, (here) => here.startsWith('input radio'));
      t.diagnostic(`${presses} presses of Tab from the knob to the question`);
      // The keys of a choice: arrows pass the other answers without giving them.
      const form = page.locator('form.predict').first();
      const verdict = form.locator('> output');
      const choices = await form.getByRole('radio').evaluateAll((all) => all.map((radio) => radio.value));
      const wanted = choices.indexOf(found);
      assert.ok(wanted >= 0, `${found} is among ${choices}: ${told}`);
      for (let n = 0; n < wanted; n++) await page.keyboard.press('ArrowDown');
      if (wanted > 0) {
        assert.match((await verdict.textContent()) ?? '', /Enter/, 'nothing is judged on the way');
        assert.equal(await form.locator('details').first().evaluate((run) => run.open), false);
      }
      await page.keyboard.press(wanted > 0 ? 'Enter' : ' ');
      await form.locator('> output.right').waitFor();
      // And on: the run of the question is the next thing that Tab reaches.
      await page.keyboard.press('Tab');
      assert.match(await focused(page), /^summary/);
    });

    test(`${edition}/${question.name}: from the run in words alone the question is answered`, async (t) => {
      const { page } = await open(t);
      await page.goto(address(question.name, edition));
      const own = await turn(page, question);
      const wanted = [/More tools|更多工具/, /^input checkbox (The run as a table|用表格读这次运行)/];
      await tabTo(page, (here) => here.startsWith('button') && wanted[0].test(here));
      await page.keyboard.press('Enter');
      await own.host.locator('[part=tools]').waitFor();
      await tabTo(page, (here) => wanted[1].test(here));
      await page.keyboard.press(' ');
      await own.host.locator('[part=outline]').waitFor();
      const rows = await own.host.locator('[part=outline] tbody tr').evaluateAll((all) =>
        all.map((row) => ({ error: row.className === 'error', text: row.cells[2].textContent })));
      assert.ok(rows.length > 5, `${rows.length} rows`);
      const of = rows.filter((row) => (question.rows === 'error' ? row.error : question.rows.test(row.text)));
      const times = (text) => 1 + Number(/happens (\d+) more times|又发生 (\d+) 次/.exec(text)?.slice(1).find(Boolean) ?? (/happens once more|又发生一次/.test(text) ? 1 : 0));
      const count = of.reduce((sum, row) => sum + times(row.text), 0);
      const form = page.locator('form.predict').first();
      const answer = question.name === 'sessions-never-closed' ? 'QueuePool limit' : String(count);
      if (answer === 'QueuePool limit') assert.ok(rows.some((row) => row.error && row.text.includes(answer)) && !rows.some((row) => row.text.includes('1040')));
      await form.locator(`input[value="${answer}"]`).check();
      await form.locator('> output.right, > output.wrong').first().waitFor();
      assert.match((await form.locator('> output').getAttribute('class')) ?? '', /right/, `${answer}: ${JSON.stringify(of)}`);
    });
  }
}
