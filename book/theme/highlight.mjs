// What colours the code of the published pages: the languages that stand in them, and nothing else. It takes the place of mdBook's own
// highlight.js, which knows some forty.
import hljs from 'highlight.js/lib/core';
import ini from 'highlight.js/lib/languages/ini';
import python from 'highlight.js/lib/languages/python';
import shell from 'highlight.js/lib/languages/shell';
import sql from 'highlight.js/lib/languages/sql';

for (const [name, language] of Object.entries({ ini, python, shell, sql })) hljs.registerLanguage(name, language);

/** Called by mdBook for every piece of code, also in the middle of a sentence. @param {HTMLElement} block */
function highlightBlock(block) {
  const language = /\blanguage-(\w+)/.exec(block.className)?.[1];
  if (language && hljs.getLanguage(language)) hljs.highlightElement(block);
}
globalThis.hljs = { configure() {}, highlightBlock };
