// @ts-check
// What the page knows as the element: a shadow root and a life. Everything else is done by a copy of this package; if several copies
// are on one page, the newest takes over, also of elements that are there already. This file is the agreement between copies, so what
// it calls must stay.

/**
 * What a copy brings for one element.
 * @typedef {object} Copy
 * @property {string} version
 * @property {PropertyDescriptorMap & ThisType<HTMLElement>} properties  of the element
 * @property {new (host: HTMLElement, shadow: ShadowRoot, internals: ElementInternals, state: unknown) => Life} Life
 *
 * @typedef {object} Life
 * @property {() => void} connected
 * @property {() => void} disconnected  the element was removed, not just moved
 * @property {() => unknown} release  another copy takes over: leaves nothing behind, and says where the reader is
 */

/**
 * Gives an element to the page. In Node, where pages are only written, nothing happens; nor does it in a browser that could not keep up (before
 * Chrome 77, Firefox 101, Safari 16.4), where the static content stays.
 * @param {string} tag
 * @param {Copy} copy
 */
export function offer(tag, copy) {
  if (typeof customElements === 'undefined') return;
  if (!('attachInternals' in HTMLElement.prototype && 'adoptedStyleSheets' in Document.prototype)) return;
  const defined = /** @type {any} */ (customElements.get(tag));
  if (defined) defined.offer?.(copy);
  else customElements.define(tag, shell(copy));
}

/** @param {Copy} first */
function shell(first) {
  /** @type {Set<Shell>} */
  const connected = new Set();
  let best = first;

  class Shell extends HTMLElement {
    #shadow = this.attachShadow({ mode: 'open' });
    #internals = this.attachInternals();
    /** @type {Life | undefined} */
    #life;

    /** @param {Copy} copy */
    static offer(copy) {
      if (!isNewer(copy.version, best.version)) return;
      best = copy;
      Object.defineProperties(Shell.prototype, copy.properties);
      for (const element of connected) element.#begin(element.#life?.release());
    }

    connectedCallback() {
      connected.add(this);
      for (const name of Object.keys(best.properties)) this.#upgrade(name);
      if (this.#life) this.#life.connected();
      else this.#begin(undefined);
    }

    disconnectedCallback() {
      // Moving an element disconnects and connects it within one task; only a removed one is torn down.
      setTimeout(() => {
        if (this.isConnected || !connected.delete(this)) return;
        this.#life?.disconnected();
        this.#life = undefined;
      });
    }

    /** @param {unknown} state */
    #begin(state) {
      this.#shadow.replaceChildren();
      this.#life = new best.Life(this, this.#shadow, this.#internals, state);
      this.#life.connected();
    }

    /** A property that was set before the element was defined hides the element's own. @param {string} name */
    #upgrade(name) {
      if (!Object.hasOwn(this, name)) return;
      const self = /** @type {any} */ (this);
      const value = self[name];
      delete self[name];
      self[name] = value;
    }
  }

  Object.defineProperties(Shell.prototype, first.properties);
  return Shell;
}

/** Releases as numbers; of two equal ones the first stays. @param {string} a @param {string} b */
function isNewer(a, b) {
  const [left, right] = [a, b].map((version) => version.split('.').map((part) => Number.parseInt(part, 10) || 0));
  for (let n = 0; n < 3; n++) if (left[n] !== right[n]) return left[n] > right[n];
  return false;
}
