// Readers come with an error text: in the page without JavaScript, and in the search of the book.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CHAPTERS, address } from './lib/book.mjs';
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
  ['连接数过多', 'sessions-never-closed', 'zh-CN'],
  ['连接池', 'introduction', 'zh-CN'],
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
