// What stands in the place of mdBook's own scripts does what those did; and tables whose rows are runs.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EDITIONS, address } from './lib/book.mjs';
import { useBrowser } from './lib/browser.mjs';

const open = useBrowser();

test('code is coloured also without JavaScript', async (t) => {
  const { page } = await open(t, { javaScriptEnabled: false });
  await page.goto(address('sessions-never-closed'));
  for (const [language, text] of [['python', 'import'], ['sql', 'SELECT']]) {
    const first = page.locator(`pre > code.language-${language} .hljs-keyword`, { hasText: text }).first();
    const [own, around] = await first.evaluate((e) => [getComputedStyle(e).color, getComputedStyle(/** @type {Element} */ (e.closest('pre'))).color]);
    assert.notEqual(own, around);
  }
  // Nothing of the text is lost on the way through the highlighter.
  const code = await page.locator('pre > code.language-python').allTextContents();
  assert.ok(code.some((text) => text.includes('print(f"held for {time.monotonic() - since:.0f} s by", "".join(stack), sep="\\n")')), code.join('\n'));
});

for (const [edition, copied] of /** @type {const} */ ([['en', 'Copied!'], ['zh-CN', '已复制']])) {
  for (const secure of [true, false]) {
    test(`${edition}: a button copies code${secure ? '' : ', also where there is no navigator.clipboard'}`, async (t) => {
      const { page, problems } = await open(t, { permissions: ['clipboard-read', 'clipboard-write'] });
      if (!secure) {
        await page.addInitScript(() => {
          Object.defineProperty(navigator, 'clipboard', { value: undefined });
          document.addEventListener('copy', () => (globalThis.copied = String(document.activeElement?.value)));
        });
      }
      await page.goto(address('pre-ping', edition));
      const code = page.locator('pre').filter({ has: page.locator('code.language-python') }).first();
      await code.hover();
      await code.locator('.clip-button').click();
      await code.locator('.clip-button', { hasText: copied }).waitFor();
      const text = await page.evaluate((secure) => (secure ? navigator.clipboard.readText() : globalThis.copied), secure);
      assert.equal(text.trim(), 'engine = create_engine(url, pool_pre_ping=True)');
      assert.deepEqual(problems, []);
    });
  }
}

test('what was searched for is marked on the page that was found, and unmarked again', async (t) => {
  const { page, problems } = await open(t);
  await page.goto(address('introduction'));
  await page.keyboard.press('s');
  await page.locator('#mdbook-searchbar').fill('cyclic garbage');
  await page.locator('#mdbook-searchbar').press('Shift');
  await page.locator('#mdbook-searchresults li a').first().click();
  const seen = page.locator('main mark').filter({ visible: true }).first();
  await seen.waitFor();
  const marks = await page.locator('main mark').allTextContents();
  assert.deepEqual([...new Set(marks.map((mark) => mark.toLowerCase()))].sort(), ['cyclic', 'garbage']);
  const before = await page.locator('main').evaluate((main) => main.innerText);
  await seen.click();
  await page.waitForFunction(() => !document.querySelector('main mark'));
  assert.equal(await page.locator('main').evaluate((main) => main.innerText), before);
  assert.deepEqual(problems, []);
});

for (const edition of EDITIONS) {
  test(`${edition}: each row of a table of values opens the run that it tells of`, async (t) => {
    const { page, problems } = await open(t);
    await page.addInitScript(() => {
      // It does not bubble. The page's own widget tells of its run when it comes near the window, whenever that is.
      document.addEventListener('outcome', ({ target, detail }) => target.closest('.vary') && (globalThis.outcome = detail), true);
    });
    await page.goto(address('settings', edition));
    const tables = page.locator('.vary');
    assert.ok((await tables.count()) > 10);
    for (const table of await tables.all()) {
      const rows = table.locator('tbody tr');
      const heads = await table.locator('th:not([scope])').allTextContents();
      const connects = heads.findIndex((head) => ['connections opened', '新建的连接'].includes(head)) - 1;
      for (const row of await rows.all()) {
        await page.evaluate(() => (globalThis.outcome = undefined));
        await row.getByRole('button').click();
        await page.waitForFunction(() => globalThis.outcome);
        const cells = await row.locator('td').allTextContents();
        const outcome = await page.evaluate(() => globalThis.outcome);
        assert.deepEqual([outcome.failed, outcome.connects], [cells[0], cells[connects]].map((cell) => Number.parseInt(cell, 10)), cells.join());
      }
      await rows.last().getByRole('button').click();
      assert.equal(await table.locator('pool-scope').count(), 0);
    }
    assert.deepEqual(problems, []);
  });
}
