// @ts-check
// <pool-scope>: attributes in, events out. All meaning is in the wasm module; README.md describes the interface.
import { acquire } from './loader.js';

/** Options that may stand on the element itself, as in `pool-recycle="30"`. */
const OPTIONS = [
  'pool-size', 'max-overflow', 'pool-timeout', 'pool-recycle', 'pool-pre-ping', 'pool-use-lifo', 'pool-reset-on-return', 'poolclass',
  'max-connections', 'wait-timeout', 'interactive-timeout', 'sqlalchemy', 'driver', 'transport', 'server', 'seed',
];
/** What the widget tells; `detail` is passed on as it is. */
const EVENTS = ['change', 'seek', 'outcome', 'error'];
/** Mount a little before the reader arrives. */
const NEAR = '300px';
/** @param {string} lang @param {string} why */
const apology = (lang, why) =>
  lang.startsWith('zh') ? `这里无法互动（${why}）；下面是构建本页时同一次运行的图。` : `Not interactive here (${why}); below is the same run as a picture.`;

const sheet = new CSSStyleSheet();
sheet.replaceSync(
  // Until it is ready the widget measures its room and takes none, so that the page moves once.
  ':host{display:block;position:relative}:host(:not(:state(live))) [part=widget]{position:absolute;inset:0 0 auto;block-size:0;overflow:clip;visibility:hidden}' +
    ':host([hidden]),[hidden]{display:none!important}[part=note]{font-size:.85em;margin:0 0 .5em;white-space:pre-line}',
);

export class PoolScope extends HTMLElement {
  static observedAttributes = ['scenario', 'knobs', 'at', 'lang', ...OPTIONS];

  #internals = this.attachInternals();
  #fallback = document.createElement('slot');
  #note = document.createElement('p');
  /** @type {IntersectionObserver | undefined} */
  #near;
  /** @type {{ root: HTMLElement, instance?: import('./loader.js').Instance, handle?: number, size?: ResizeObserver } | undefined} */
  #mounted;
  /** Where the reader is, so that a fresh instance continues there. @type {{ knobs?: object, at?: string }} */
  #reader = {};

  constructor() {
    super();
    this.#note.hidden = true;
    this.#note.setAttribute('part', 'note');
    const shadow = this.attachShadow({ mode: 'open' });
    shadow.adoptedStyleSheets = [sheet];
    shadow.append(this.#note, this.#fallback);
  }

  connectedCallback() {
    if (this.#mounted || this.#near) return;
    if (this.getAttribute('loading') === 'eager') return void this.#mount();
    this.#near = new IntersectionObserver((entries) => entries.some((e) => e.isIntersecting) && this.#mount(), { rootMargin: NEAR });
    this.#near.observe(this);
  }

  disconnectedCallback() {
    // Moving an element disconnects and connects it within one task; only a removed one is torn down.
    setTimeout(() => {
      if (this.isConnected) return;
      this.#near?.disconnect();
      this.#near = undefined;
      this.#unmount();
    });
  }

  /** @param {string} _name @param {string | null} before @param {string | null} after */
  attributeChangedCallback(_name, before, after) {
    if (before === after) return;
    this.#reader = {};
    const mounted = this.#mounted;
    // Several attributes may change at once: the last of these reads them all.
    if (mounted?.instance) queueMicrotask(() => mounted === this.#mounted && this.#update());
  }

  /** Knobs that the element's attributes do not name, by their paths: `{ "traffic.0.run": "closed" }`. */
  get knobs() {
    return JSON.parse(this.getAttribute('knobs') ?? '{}');
  }
  set knobs(value) {
    this.setAttribute('knobs', JSON.stringify(value));
  }

  get #lang() {
    return this.closest('[lang]')?.getAttribute('lang') ?? 'en';
  }

  /** What the wasm module is told, as JSON. The scenario's text goes in untouched: the module reads and judges it. */
  async #config() {
    let scenario = this.getAttribute('scenario') ?? '';
    let name = this.id;
    if (!/^\s*\{/.test(scenario)) {
      name = scenario;
      const url = /[/.]/.test(name) ? new URL(name, this.baseURI) : new URL(`./scenarios/${name}.json`, import.meta.url);
      const response = await fetch(url);
      if (!response.ok) throw new Error(`${url.pathname}: ${response.status}`);
      scenario = await response.text();
    }
    const options = OPTIONS.filter((o) => this.hasAttribute(o)).map((o) => [o.replaceAll('-', '_'), this.getAttribute(o) || 'true']);
    const knobs = this.#reader.knobs ?? { ...Object.fromEntries(options), ...this.knobs };
    const rest = { name, knobs, at: this.#reader.at ?? this.getAttribute('at') ?? undefined, lang: this.#lang };
    return `{"scenario":${scenario},${JSON.stringify(rest).slice(1)}`;
  }

  async #mount() {
    this.#near?.disconnect();
    this.#near = undefined;
    // A fresh root each time: the old one may still be emptied later, or belong to a lost instance.
    const root = document.createElement('div');
    root.setAttribute('part', 'widget');
    root.className = 'coming';
    const mounted = (this.#mounted = /** @type {NonNullable<typeof this.#mounted>} */ ({ root }));
    try {
      const [instance, config] = await Promise.all([acquire(), this.#config()]);
      if (mounted !== this.#mounted) return;
      mounted.instance = instance;
      instance.users.add(this.#lost);
      for (const type of ['pointermove', 'keydown', 'input']) root.addEventListener(type, () => (instance.active = this.#lost), true);
      for (const type of EVENTS) root.addEventListener(type, (event) => event instanceof CustomEvent && this.#tell(type, event.detail));
      root.addEventListener('ready', () => this.#show(false));
      const shadow = /** @type {ShadowRoot} */ (this.shadowRoot);
      shadow.adoptedStyleSheets = [instance.sheet, sheet];
      shadow.append(root);
      mounted.handle = instance.call(this.#lost, (app) => app.mount(root, config));
      mounted.size = new ResizeObserver(() => this.#call((app, handle) => app.resize(handle)));
      mounted.size.observe(this);
    } catch (error) {
      if (mounted === this.#mounted) this.#fail(error);
    }
  }

  async #update() {
    try {
      const config = await this.#config();
      this.#call((app, handle) => app.update(handle, config));
    } catch (error) {
      this.#tell('error', { message: message(error) });
    }
  }

  #unmount() {
    this.#call((app, handle) => app.unmount(handle));
    this.#mounted?.instance?.users.delete(this.#lost);
    this.#mounted?.size?.disconnect();
    this.#mounted?.root.remove();
    this.#mounted = undefined;
    this.#show(true);
  }

  /** @param {(app: import('./loader.js').App, handle: number) => void} call */
  #call(call) {
    const { instance, handle } = this.#mounted ?? {};
    if (instance && handle !== undefined && instance.users.has(this.#lost)) instance.call(this.#lost, (app) => call(app, handle));
  }

  /** The instance is gone: whoever crashed it keeps the picture, the others go on in a fresh one. @type {import('./loader.js').Lost} */
  #lost = (error, culprit) => {
    this.#unmount();
    if (culprit) this.#fail(`crashed: ${message(error)}`);
    else this.#mount();
  };

  /** @param {unknown} error */
  #fail(error) {
    this.#unmount();
    this.#note.textContent = apology(this.#lang, message(error));
    this.#note.hidden = false;
    this.#internals.states.add('static');
    this.#tell('error', { message: message(error) });
  }

  /** @param {boolean} fallback */
  #show(fallback) {
    this.#fallback.hidden = !fallback;
    this.#note.hidden = true;
    this.#internals.states[fallback ? 'delete' : 'add']('live');
    this.#internals.states.delete('static');
    if (fallback) return;
    this.#mounted?.root.classList.remove('coming');
    this.#tell('load', {});
  }

  /** @param {string} type @param {any} detail */
  #tell(type, detail) {
    if (type === 'change') this.#reader.knobs = detail.knobs;
    if (type === 'seek') this.#reader.at = detail.at;
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}

/** @param {unknown} error */
const message = (error) => (error instanceof Error ? error.message : String(error));

// Two copies of this file on one page: the first one stays.
if (!customElements.get('pool-scope')) customElements.define('pool-scope', PoolScope);
