// Readers come with an error text: in the page without JavaScript, and in the search of the book.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CHAPTERS, EDITIONS, address } from './lib/book.mjs';
import { useBrowser } from './lib/browser.mjs';

const open = useBrowser();

const ERRORS = {
  'sessions-never-closed': "(1040, 'Too many connections')",
  'recycle-above-wait-timeout': "(2013, 'Lost connection to MySQL server during query')",
};

for (const name of CHAPTERS) {
  test(`${name}: picture and table without JavaScript`, async (t) => {
    const { page, problems } = await open(t, { javaScriptEnabled: false });
    await page.goto(address(name));
    const element = page.locator('pool-scope').first();
    const picture = element.getByRole('img', { name: /timeline/ });
    await picture.waitFor();
    const { width, height } = await picture.boundingBox();
    assert.ok(width > 600 && height > 200, `the picture is ${width} × ${height}`);
    await element.getByText('Step by step').click();
    await element.locator('td', { hasText: ERRORS[name] }).first().waitFor();
    // No room is kept for a widget that never comes.
    const rest = (await element.boundingBox()).height - height - (await element.locator('details').boundingBox()).height;
    assert.ok(rest < 120, `${rest} px are left empty`);
    assert.deepEqual(problems, []);
  });
}

for (const [query, name, edition] of [
  ['2006', 'recycle-above-wait-timeout'],
  ['2013', 'recycle-above-wait-timeout'],
  ['4031', 'recycle-above-wait-timeout'],
  ['gone away', 'recycle-above-wait-timeout'],
  ['1040', 'sessions-never-closed'],
  ['Too many connections', 'sessions-never-closed'],
  ['QueuePool limit', 'sessions-never-closed'],
  ["Can't reconnect until invalid transaction", 'scoped-session'],
  ['connection pool', 'settings'],
  // As pasted from a log, with numbers and names that no page knows.
  ["(1040, 'Too many connections')", 'sessions-never-closed'],
  ['QueuePool limit of size 10 overflow 20 reached, connection timed out, timeout 60.00', 'sessions-never-closed'],
  ['Lost connection to MySQL server during query', 'recycle-above-wait-timeout'],
  [`(2006, "MySQL server has gone away (BrokenPipeError(32, 'Broken pipe'))")`, 'recycle-above-wait-timeout'],
  ['MySQL Connection not available', 'recycle-above-wait-timeout'],
  ["This Session's transaction has been rolled back due to a previous exception during flush", 'scoped-session'],
  ['Packet sequence number wrong - got 3 expected 7', 'tornado'],
  ["InterfaceError: (0, '')", 'tornado'],
  ["(0, '')", 'tornado'],
  ['This session is provisioning a new connection; concurrent operations are not permitted', 'tornado'],
  ['Task <Task pending> got Future <Future pending> attached to a different loop', 'tornado'],
  ['Event loop is closed', 'tornado'],
  ['Run time of job "mail" was missed by 0:00:10', 'apscheduler'],
  [`(1226, "User 'app' has exceeded the 'max_user_connections' resource (current value: 30)")`, 'arithmetic'],
  [`(2003, "Can't connect to MySQL server on '10.0.0.1' (timed out)")`, 'middleboxes'],
  ['The garbage collector is trying to clean up non-checked-in connection', 'sessions-never-closed'],
  ['QueuePool limit of size 10 overflow 20 reached, connection timed out, timeout 60.00', 'sessions-never-closed', 'zh-CN'],
  ['Lost connection to MySQL server during query', 'recycle-above-wait-timeout', 'zh-CN'],
  ["InterfaceError: (0, '')", 'tornado', 'zh-CN'],
  ["(0, '')", 'tornado', 'zh-CN'],
  ['1226', 'arithmetic', 'zh-CN'],
  ['连接数过多', 'sessions-never-closed', 'zh-CN'],
  ['连接池', 'settings', 'zh-CN'],
  ['2006', 'recycle-above-wait-timeout', 'zh-CN'],
  ['1040', 'sessions-never-closed', 'zh-CN'],
  ['gone away', 'recycle-above-wait-timeout', 'zh-CN'],
  ['QueuePool limit', 'sessions-never-closed', 'zh-CN'],
  ['4031', 'recycle-above-wait-timeout', 'zh-CN'],
  ["Can't reconnect until invalid transaction", 'scoped-session', 'zh-CN'],
  // Nobody has written these characters side by side, but the pairs that they are made of.
  ['连接数太多', 'sessions-never-closed', 'zh-CN'],
]) {
  test(`${edition ?? 'en'}: a search for “${query}” finds ${name} first`, async (t) => {
    const { page, problems } = await open(t);
    await page.goto(address('introduction', edition));
    await page.keyboard.press('s');
    // The book searches on keyup, which an input method does not always send.
    await page.locator('#mdbook-searchbar').fill(query);
    await page.locator('#mdbook-searchbar').press('Shift');
    const first = page.locator('#mdbook-searchresults li a').first();
    await first.waitFor();
    assert.equal(new URL(await first.evaluate((a) => a.href)).pathname.split('/').pop(), `${name}.html`);
    const teaser = page.locator('#mdbook-searchresults li .teaser').first();
    assert.ok(((await teaser.textContent()) ?? '').length > 20);
    assert.deepEqual(problems, []);
  });
}

for (const edition of EDITIONS) {
  test(`${edition}: each error of the entry stands word for word where its row leads`, async (t) => {
    const { page } = await open(t);
    await page.goto(address('introduction', edition));
    const rows = await page.locator('main table').first().locator('tbody tr').evaluateAll((rows) =>
      rows.map((row) => ({
        errors: [...row.cells[0].querySelectorAll('code')].map(({ textContent }) => textContent).filter((text) => /[ (]/.test(text)),
        links: [...row.cells[1].querySelectorAll('a')].map(({ href }) => href),
      })),
    );
    const quoted = rows.filter(({ errors }) => errors.length > 0);
    assert.ok(quoted.length >= 15, `${quoted.length} rows quote an error`);
    const missing = [];
    for (const { errors, links } of quoted) {
      const texts = [];
      for (const link of links) {
        await page.goto(link);
        texts.push(await page.locator('main').evaluate((main) => main.textContent.replace(/\s+/g, ' ')));
      }
      // What differs from case to case is left out with an ellipsis.
      const parts = errors.flatMap((error) => error.split('…')).map((part) => part.replace(/^[("\s]+|[)"'\s]+$/g, '')).filter((part) => part.length > 3);
      for (const part of parts) if (!texts.some((text) => text.includes(part))) missing.push(`${part}: ${links}`);
    }
    assert.deepEqual(missing, []);
  });
}

test('the search index has the error texts of each chapter', async (t) => {
  const { page } = await open(t);
  await page.goto(address('introduction'));
  await page.keyboard.press('s');
  await page.waitForFunction(() => window.search.index);
  const docs = await page.evaluate(() => {
    const { doc_urls, index } = window.search;
    return Object.values(index.documentStore.docs).map(({ id, body }) => ({ url: doc_urls[id], body }));
  });
  for (const [name, text] of [
    ['sessions-never-closed', 'Too many connections'],
    ['recycle-above-wait-timeout', 'Lost connection'],
  ]) {
    // Both as the chapter quotes the error and in the table of the run, which stands inside the element.
    const found = docs.filter(({ url, body }) => url.startsWith(`${name}.html`) && body.includes(text)).map(({ url }) => url);
    assert.ok(found.includes(`${name}.html#the-error`) && found.includes(`${name}.html#the-run`), `${text}: ${found}`);
  }
});
