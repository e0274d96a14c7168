// @ts-check
// One wasm instance serves every widget of a page. A trap poisons the instance it happens in: its widgets are told, and whoever asks
// next gets a fresh instance.

/**
 * The exports of the wasm module (web/app).
 * @typedef {object} App
 * @property {(root: Element, config: string) => number} mount
 * @property {(handle: number, config: string) => void} update
 * @property {(handle: number) => void} resize
 * @property {(handle: number) => void} unmount
 * @property {() => string} css
 */

/**
 * A widget's ear: called once, when its instance is no longer usable. `culprit` is true for the widget in which it happened.
 * @callback Lost
 * @param {unknown} error
 * @param {boolean} culprit
 */

/** A page that crashes again and again stops trying: the static pictures say the same. */
const INSTANCES_MAX = 8;

export class Instance {
  /** @type {Set<Lost>} */
  users = new Set();
  /** The widget that was touched last; a trap is taken to be its. @type {Lost | undefined} */
  active;

  /** @param {number} generation @param {App} app @param {CSSStyleSheet} sheet */
  constructor(generation, app, sheet) {
    this.generation = generation;
    this.app = app;
    this.sheet = sheet;
  }

  /**
   * Calls into the module. An error of the module is thrown on; a trap poisons the instance, which tells `user` too.
   * @template T
   * @param {Lost} user
   * @param {(app: App) => T} call
   * @returns {T | undefined}
   */
  call(user, call) {
    this.active = user;
    try {
      return call(this.app);
    } catch (error) {
      if (!isTrap(error)) throw error;
      this.poison(error);
      return undefined;
    }
  }

  /** @param {unknown} error */
  poison(error) {
    if (current?.generation === this.generation) current = undefined;
    const users = [...this.users];
    this.users.clear();
    for (const user of users) user(error, user === this.active);
  }
}

/** @type {{ generation: number, promise: Promise<Instance>, instance?: Instance } | undefined} */
let current;
let generations = 0;

/**
 * The instance that widgets mount in; the module is loaded when the first one asks.
 * @returns {Promise<Instance>}
 */
export function acquire() {
  if (!current) {
    if (generations === INSTANCES_MAX) return Promise.reject(new Error('stopped after repeated crashes'));
    const generation = generations++;
    /** @type {typeof current} */
    const slot = { generation, promise: start(generation).then((instance) => (slot.instance = instance)) };
    current = slot;
  }
  return current.promise;
}

/** @param {number} generation */
async function start(generation) {
  const url = new URL('./poolscope_app.js', import.meta.url);
  // The glue keeps its state in module-level variables, so a fresh instance is a module under another name.
  if (generation > 0) url.searchParams.set('instance', String(generation));
  const app = await import(url.href);
  await app.default();
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(app.css());
  return new Instance(generation, app, sheet);
}

/** @param {unknown} error */
function isTrap(error) {
  return error instanceof WebAssembly.RuntimeError || (error instanceof RangeError && /stack/i.test(error.message));
}

/**
 * Traps outside of `Instance.call` surface on the window: in listeners, frames and promise jobs of the module. The glue's own frame in
 * the stack says which instance it was, since one that was given up may go on trapping.
 * @param {unknown} error
 */
function escaped(error) {
  if (!isTrap(error)) return;
  const glue = /poolscope_app\.js(?:\?instance=(\d+))?/.exec(String(/** @type {Error} */ (error).stack));
  if (glue && current?.instance?.generation === Number(glue[1] ?? 0)) current.instance.poison(error);
}
addEventListener('error', (event) => escaped(event.error));
addEventListener('unhandledrejection', (event) => escaped(event.reason));
