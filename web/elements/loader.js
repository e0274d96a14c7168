// @ts-check
// One wasm instance serves every widget of a page. A trap poisons the instance it happens in: its widgets are told, and whoever asks
// next gets a fresh instance of the same module.
import { simulator, studio, wasm } from './assets.js';

/**
 * The exports of a wasm module: of the small one (web/app), of the studio (the same with everything in it), and of the simulator
 * (web/headless), which has `record` only.
 * @typedef {object} App
 * @property {(root: Element, what: string, recording?: Uint8Array) => number} mount  `what`: a language, or the studio's configuration
 * @property {(handle: number, what: string, recording?: Uint8Array) => void} update
 * @property {(handle: number, recording: Uint8Array) => void} ran  the answer to an event `run`
 * @property {(handle: number, why: string) => void} refused  the other answer
 * @property {(request: string) => Uint8Array} record  a run
 * @property {(handle: number) => void} resize
 * @property {(handle: number) => void} unmount
 * @property {() => string} css
 * @property {() => string} [studio_css]
 * @property {(handle: number, serial: number, from: number, text: string) => void} [swept] cells of a map
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
  poisoned = false;
  /** @type {WebAssembly.Module | undefined} */
  module;

  /** @param {Kind} kind */
  constructor(kind) {
    this.kind = kind;
  }

  /** @type {App} */
  app = /** @type {any} */ (undefined);
  sheet = new CSSStyleSheet();

  /**
   * Calls into the module. An error of the module is thrown on; a trap has poisoned the instance, and `user` knows.
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
      if (!this.poisoned) throw error;
      return undefined;
    }
  }

  /** @param {unknown} error */
  poison(error) {
    if (this.poisoned) return;
    this.poisoned = true;
    if (current[this.kind]?.instance === this) current[this.kind] = undefined;
    const users = [...this.users];
    this.users.clear();
    for (const user of users) user(error, user === this.active);
  }

  /**
   * The exports, watched: whoever calls them (the loader, a listener, a promise job), what is thrown out of wasm has left it in the
   * middle of something. Errors that the module means to throw come back as values and are not seen here.
   * @param {Record<string, any>} exports
   */
  guard(exports) {
    const guarded = Object.entries(exports).map(([name, value]) => {
      if (typeof value !== 'function') return [name, value];
      /** @param {any[]} values */
      const watched = (...values) => {
        try {
          return value(...values);
        } catch (error) {
          this.poison(error);
          throw error;
        }
      };
      return [name, watched];
    });
    return Object.fromEntries(guarded);
  }
}

/**
 * The small module, which every page loads; the simulator, which makes another run when a reader turns a knob; or the one that can do
 * everything, which takes over when a reader asks.
 * @typedef {'app' | 'simulator' | 'studio'} Kind
 */

/** @type {Partial<Record<Kind, { promise: Promise<Instance>, instance?: Instance }>>} */
const current = {};
let instances = 0;
/** Compiled once. @type {Partial<Record<Kind, Promise<WebAssembly.Module>>>} */
const compiled = {};

/**
 * The instance that widgets mount in; the module is loaded when the first one asks.
 * @param {Kind} kind
 * @returns {Promise<Instance>}
 */
export function acquire(kind) {
  let slot = current[kind];
  if (!slot) {
    if (instances === INSTANCES_MAX) return Promise.reject(new Error('stopped after repeated crashes'));
    const instance = new Instance(kind);
    instances++;
    const fresh = (slot = current[kind] = { promise: start(instance), instance });
    // Whoever asks later tries again: the network may be back.
    slot.promise.catch(() => {
      if (current[kind] !== fresh) return;
      instances--;
      current[kind] = compiled[kind] = undefined;
    });
  }
  return slot.promise;
}

/** In words that a bundler follows. */
const GLUE = {
  app: () => import('./poolscope_app.js'),
  simulator: () => import('./poolscope_headless.js'),
  studio: () => import('./poolscope_studio.js'),
};

/** @param {Instance} instance */
async function start(instance) {
  const { kind } = instance;
  const bringing = (compiled[kind] ??= compile(kind));
  const [{ default: glue }, module] = await Promise.all([GLUE[kind](), bringing]);
  const app = glue((/** @type {Record<string, any>} */ exports) => instance.guard(exports));
  await app({ module_or_path: module });
  instance.app = app;
  instance.module = module;
  if (app.css) instance.sheet.replaceSync(app.css() + (app.studio_css?.() ?? ''));
  return instance;
}

/** @param {Kind} kind */
async function compile(kind) {
  const response = await { app: wasm, simulator, studio }[kind]?.();
  if (!response) throw new Error('this copy has no studio');
  if (!(response instanceof Response)) return WebAssembly.compile(response);
  if (!response.ok) throw new Error(`${new URL(response.url).pathname}: ${response.status}`);
  const isWasm = response.headers.get('Content-Type')?.startsWith('application/wasm');
  // A server that does not know the type still sends the right bytes.
  return isWasm ? WebAssembly.compileStreaming(response) : WebAssembly.compile(await response.arrayBuffer());
}
