// The module in the browser and the command run the same simulation: the same bytes.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { SITE, useBrowser } from './lib/browser.mjs';

const open = useBrowser();
const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const FILES = (await readdir(`${ROOT}book/scenarios`)).filter((file) => file.endsWith('.toml'));

/** POOLSCOPE may name a command that is built already. @param {string[]} words */
async function poolscope(...words) {
  const own = process.env.POOLSCOPE;
  const [command, start] = own ? [own, []] : ['cargo', ['run', '--quiet', '--package', 'poolscope-cli', '--']];
  const options = { cwd: ROOT, maxBuffer: 1 << 28 };
  return (await promisify(execFile)(command, [...start, ...words], options)).stdout;
}

for (const file of FILES) {
  test(`${file}: the same trace in the browser and in the terminal`, async (t) => {
    const { page } = await open(t);
    const name = file.replace('.toml', '');
    const scenario = await (await fetch(`${SITE}poolscope/scenarios/${name}.json`)).text();
    await page.goto(`${SITE}poolscope/embed.html?scenario=${name}`);
    const trace = await page.evaluate(async ([url, module, scenario]) => {
      const { default: glue } = await import(url);
      const app = glue((exports) => exports);
      await app({ module_or_path: module });
      return app.simulate(scenario);
    }, [`${SITE}poolscope/poolscope_studio.js`, `${SITE}poolscope/poolscope_studio_bg.wasm`, scenario]);
    const native = await poolscope('run', `book/scenarios/${file}`, '--format', 'jsonl');
    assert.ok(native.split('\n').length > 50, 'a trace of more than a few lines');
    assert.equal(trace, native);
  });
}
