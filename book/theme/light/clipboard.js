// @ts-check
// In place of clipboard.js, which mdBook's copy buttons use: the few things that they ask for.

/** @param {string} text */
async function write(text) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  // A page without https has no other way.
  const area = document.createElement('textarea');
  area.value = text;
  document.body.append(area);
  area.select();
  const done = document.execCommand('copy');
  area.remove();
  if (!done) throw new Error('not copied');
}

/** @type {any} */ (window).ClipboardJS = class {
  /** @type {Record<string, (event: { trigger: Element, clearSelection: () => void }) => void>} */
  #heard = {};

  /** @param {string} selector @param {{ text: (trigger: Element) => string }} options */
  constructor(selector, { text }) {
    document.addEventListener('click', ({ target }) => {
      const trigger = target instanceof Element && target.closest(selector);
      if (!trigger) return;
      const tell = (/** @type {string} */ name) => () => this.#heard[name]?.({ trigger, clearSelection() {} });
      write(text(trigger)).then(tell('success'), tell('error'));
    });
  }

  /** @param {string} name @param {(event: { trigger: Element, clearSelection: () => void }) => void} act */
  on(name, act) {
    this.#heard[name] = act;
  }
};
