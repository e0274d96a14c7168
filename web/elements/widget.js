// @ts-check
// The life of one <pool-scope>: attributes in, events out. All meaning is in the wasm module.
import { base, scenario as shipped } from './assets.js';
import { acquire } from './loader.js';

/** Options that may stand on the element itself, as in `pool-recycle="30"`. */
const OPTIONS = [
  'pool-size', 'max-overflow', 'pool-timeout', 'pool-recycle', 'pool-pre-ping', 'pool-use-lifo', 'pool-reset-on-return', 'poolclass',
  'max-connections', 'wait-timeout', 'interactive-timeout', 'sqlalchemy', 'driver', 'transport', 'server', 'seed',
];
/** Attributes that decide what is run and shown. */
const MEANING = ['scenario', 'knobs', 'at', 'lang', ...OPTIONS];
/** What a link to the same widget says. */
export const ATTRIBUTES = [...MEANING, 'theme', 'controls'];
/** Parts that `controls` chooses among. */
const CONTROLS = ['outcome', 'knobs', 'transport', 'story', 'listing', 'holdings', 'server', 'log'];
/** What the widget tells; `detail` is passed on as it is. */
const EVENTS = ['change', 'seek', 'outcome', 'error'];
/** Mount a little before the reader arrives. */
const NEAR = '300px';
/** @param {string} lang @param {string} why */
const apology = (lang, why) =>
  lang.startsWith('zh') ? `这里无法互动（${why}）；下面是构建本页时同一次运行的图。` : `Not interactive here (${why}); below is the same run as a picture.`;

/** @type {CSSStyleSheet | undefined} */
let ownSheet;
function sheet() {
  if (ownSheet) return ownSheet;
  const hidden = CONTROLS.map((part) => `:host([controls]:not([controls~=${part}])) [part=${part}]`).join();
  ownSheet = new CSSStyleSheet();
  ownSheet.replaceSync(
    // Until it is ready the widget measures its room and takes none, so that the page moves once.
    ':host{display:block;position:relative}:host(:not(:state(live))) [part=widget]{position:absolute;inset:0 0 auto;block-size:0;overflow:clip;visibility:hidden}' +
      `:host([hidden]),[hidden],${hidden}{display:none!important}[part=note]{font-size:.85em;margin:0 0 .5em;white-space:pre-line}`,
  );
  return ownSheet;
}

/**
 * Where the reader is, so that a fresh instance, or a newer copy, continues there.
 * @typedef {{ knobs?: object, at?: string }} Reader
 */

export class Widget {
  /** @type {import('./shell.js').Copy['properties']} */
  static properties = {
    knobs: {
      configurable: true,
      enumerable: true,
      get() {
        return JSON.parse(this.getAttribute('knobs') ?? '{}');
      },
      set(value) {
        this.setAttribute('knobs', JSON.stringify(value));
      },
    },
  };

  #fallback = document.createElement('slot');
  #note = document.createElement('p');
  /** @type {IntersectionObserver | undefined} */
  #near;
  /** @type {{ root: HTMLElement, instance?: import('./loader.js').Instance, handle?: number, size?: ResizeObserver } | undefined} */
  #mounted;
  /** @type {Reader} */
  #reader;
  #attributes = new MutationObserver(() => this.#changed());
  /** @type {HTMLElement} */ #host;
  /** @type {ShadowRoot} */ #shadow;
  /** @type {ElementInternals} */ #internals;

  /** @param {HTMLElement} host @param {ShadowRoot} shadow @param {ElementInternals} internals @param {unknown} state */
  constructor(host, shadow, internals, state) {
    [this.#host, this.#shadow, this.#internals] = [host, shadow, internals];
    this.#reader = /** @type {Reader} */ (state ?? {});
    this.#note.hidden = true;
    this.#note.setAttribute('part', 'note');
    shadow.adoptedStyleSheets = [sheet()];
    shadow.append(this.#note, this.#fallback);
    this.#attributes.observe(host, { attributes: true, attributeFilter: [...MEANING, 'loading'] });
  }

  connected() {
    if (this.#mounted || this.#near) return;
    if (this.#host.getAttribute('loading') === 'eager') return void this.#mount();
    this.#near = new IntersectionObserver((entries) => entries.some((e) => e.isIntersecting) && this.#mount(), { rootMargin: NEAR });
    this.#near.observe(this.#host);
  }

  disconnected() {
    this.#attributes.disconnect();
    this.#near?.disconnect();
    this.#near = undefined;
    this.#unmount();
  }

  release() {
    this.disconnected();
    return this.#reader;
  }

  /** Several attributes may have changed at once. */
  #changed() {
    this.#reader = {};
    if (this.#mounted?.instance) this.#update();
    else if (this.#mounted || this.#host.getAttribute('loading') === 'eager' || this.#internals.states.has('static')) this.#mount();
  }

  get #lang() {
    return this.#host.closest('[lang]')?.getAttribute('lang') ?? 'en';
  }

  /** What the wasm module is told, as JSON. The scenario's text goes in untouched: the module reads and judges it. */
  async #config() {
    const attribute = (/** @type {string} */ name) => this.#host.getAttribute(name);
    let scenario = attribute('scenario') ?? '';
    let name = this.#host.id;
    if (!/^\s*\{/.test(scenario)) {
      name = scenario;
      scenario = await fetched(name, this.#host.baseURI);
    }
    const options = OPTIONS.filter((o) => attribute(o) !== null).map((o) => [o.replaceAll('-', '_'), attribute(o) || 'true']);
    const knobs = this.#reader.knobs ?? { ...Object.fromEntries(options), ...JSON.parse(attribute('knobs') ?? '{}') };
    const rest = { name, knobs, at: this.#reader.at ?? attribute('at') ?? undefined, lang: this.#lang };
    return `{"scenario":${scenario},${JSON.stringify(rest).slice(1)}`;
  }

  /** The page of this package that shows the same: what the attributes say, and what the reader did. */
  get #link() {
    const { baseURI } = this.#host;
    const url = new URL('embed.html', URL.canParse('embed.html', base) ? base : baseURI);
    for (const name of ATTRIBUTES) {
      const value = this.#host.getAttribute(name);
      if (value !== null) url.searchParams.set(name, value);
    }
    if (this.#reader.knobs) {
      for (const name of OPTIONS) url.searchParams.delete(name);
      url.searchParams.set('knobs', JSON.stringify(this.#reader.knobs));
    }
    const scenario = url.searchParams.get('scenario') ?? '';
    if (isAddress(scenario) && URL.canParse(scenario, baseURI)) url.searchParams.set('scenario', new URL(scenario, baseURI).href);
    if (this.#reader.at) url.searchParams.set('at', this.#reader.at);
    return url.href;
  }

  async #mount() {
    this.#unmount();
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
      this.#shadow.adoptedStyleSheets = [instance.sheet, sheet()];
      this.#shadow.append(root);
      mounted.handle = instance.call(this.#lost, (app) => app.mount(root, config));
      if (instance.poisoned) return;
      mounted.size = new ResizeObserver(() => this.#call((app, handle) => app.resize(handle)));
      mounted.size.observe(this.#host);
    } catch (error) {
      if (mounted === this.#mounted) this.#fail(message(error));
    }
  }

  /** What cannot be run leaves the last run where it is. */
  async #update() {
    try {
      const config = await this.#config();
      this.#call((app, handle) => app.update(handle, config));
      this.#note.hidden = true;
    } catch (error) {
      this.#note.textContent = message(error);
      this.#note.hidden = false;
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
    if (culprit) this.#fail(`crashed: ${message(error)}`);
    else this.#mount();
  };

  /** @param {string} why */
  #fail(why) {
    this.#unmount();
    this.#note.textContent = apology(this.#lang, why);
    this.#note.hidden = false;
    this.#internals.states.add('static');
    this.#tell('error', { message: why });
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
    if (type === 'error') detail.link = this.#link;
    this.#host.dispatchEvent(new CustomEvent(type, { detail }));
  }
}

/** A name has neither dots nor slashes. @param {string} scenario */
const isAddress = (scenario) => !/^\s*\{/.test(scenario) && /[/.:]/.test(scenario);

/** @param {string} name @param {string} from */
async function fetched(name, from) {
  if (!isAddress(name) && !/^[\w-]+$/.test(name)) throw new Error(name ? `${name}: not the name of a scenario` : 'there is no scenario');
  const response = await (isAddress(name) ? fetch(new URL(name, from)) : shipped(name));
  if (!response.ok) throw new Error(`${response.url ? new URL(response.url).pathname : name}: ${response.status}`);
  return response.text();
}

/** @param {unknown} error */
const message = (error) => (error instanceof Error ? error.message : String(error));
