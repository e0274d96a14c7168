// @ts-check
// In place of mark.js, which mdBook's search brings: the few things that it is asked for, to mark what was searched for on the page that was found.

class Mark {
  /** @type {Element[]} */
  #marks = [];

  /** @param {Element} root */
  constructor(root) {
    this.root = root;
  }

  /** Wraps every place of every word, in any case. @param {string[]} words @param {{ exclude: string[] }} options */
  mark(words, { exclude }) {
    this.unmark();
    const wanted = words.filter(Boolean).map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
    if (wanted.length === 0) return;
    const pattern = new RegExp(wanted.join('|'), 'gi');
    const walk = document.createTreeWalker(this.root, NodeFilter.SHOW_TEXT);
    /** @type {Text[]} */
    const texts = [];
    while (walk.nextNode()) {
      const text = /** @type {Text} */ (walk.currentNode);
      if (!text.parentElement?.closest(['script', 'style', ...exclude].join())) texts.push(text);
    }
    for (const text of texts) {
      // From the last to the first, so that what is before stays where it is.
      for (const { index, 0: found } of [...text.data.matchAll(pattern)].reverse()) {
        text.splitText(index + found.length);
        const mark = document.createElement('mark');
        mark.append(text.splitText(index));
        text.after(mark);
        this.#marks.push(mark);
      }
    }
  }

  unmark() {
    for (const mark of this.#marks.splice(0)) {
      const parent = mark.parentNode;
      mark.replaceWith(...mark.childNodes);
      parent?.normalize();
    }
  }
}
/** @type {any} */ (window).Mark = Mark;
