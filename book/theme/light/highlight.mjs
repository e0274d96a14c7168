// Colours the code of the published pages when they are built, so that no reader has to load a highlighter: node highlight.mjs PAGE…
// In the pages of `cargo xtask serve`, mdBook's own highlight.js does it.
import { readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url); // which knows NODE_PATH
const hljs = require('highlight.js/lib/core');
for (const name of ['ini', 'python', 'shell', 'sql']) hljs.registerLanguage(name, require(`highlight.js/lib/languages/${name}`));

const CODE = /<code class="language-(\w+)">([^<]*)<\/code>/g;
const ENTITIES = { amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'", '#x27': "'", '#10': '\n' };

/** @param {string} html */
const plain = (html) =>
  html.replace(/&(#?\w+);/g, (_, name) => {
    if (name in ENTITIES) return ENTITIES[name];
    throw new Error(`&${name}; in code is not known here`);
  });

for (const page of process.argv.slice(2)) {
  const before = await readFile(page, 'utf8');
  const after = before.replace(CODE, (whole, language, code) => {
    if (!hljs.getLanguage(language)) return whole;
    return `<code class="language-${language} hljs">${hljs.highlight(plain(code), { language }).value}</code>`;
  });
  if (after !== before) await writeFile(page, after);
}
