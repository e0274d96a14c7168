// @ts-check
// The life of one <pool-scope>: attributes in, events out. All meaning is in the wasm module.
import { acquire } from './loader.js';
import { sheet, statesOf } from './sheet.js';
import { Runs, foresee } from './runs.js';
import { MEANING, apology, claims, compared, isLong, language, message, page } from './source.js';

export { ATTRIBUTES } from './source.js';

/** @typedef {import('./runs.js').Reader} Reader */

/** What the widget tells; `detail` is passed on as it is. */
const EVENTS = ['change', 'seek', 'outcome', 'error'];
/** Mount a little before the reader arrives. */
const NEAR = '300px';

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
  /** @type {{ root: HTMLElement, instance?: import('./loader.js').Instance, handle?: number, size?: ResizeObserver, sight?: IntersectionObserver } | undefined} */
  #mounted;
  /** @type {Reader} */ #reader;
  /** @type {Runs} */ #runs;
  /** @type {import('./loader.js').Kind} */
  #kind = 'app';
  /** The reader has just asked for more. */
  #asked = false;
  /** A link to a place in this run, that the page was opened with. @type {string | undefined} */
  #linked;
  #attributes = new MutationObserver(() => this.#changed());
  /** @type {HTMLElement} */ #host;
  /** @type {ShadowRoot} */ #shadow;
  #states;

  /** @param {HTMLElement} host @param {ShadowRoot} shadow @param {ElementInternals} internals @param {unknown} state */
  constructor(host, shadow, internals, state) {
    [this.#host, this.#shadow, this.#states] = [host, shadow, statesOf(internals)];
    this.#reader = /** @type {Reader} */ (state ?? {});
    this.#runs = new Runs(host);
    this.#note.hidden = true;
    this.#note.setAttribute('part', 'note');
    shadow.adoptedStyleSheets = [sheet()];
    shadow.append(this.#note, this.#fallback);
    this.#attributes.observe(host, { attributes: true, attributeFilter: [...MEANING, 'loading'] });
  }

  connected() {
    if (this.#mounted || this.#near) return;
    addEventListener('hashchange', this.#follow);
    if (this.#takesLink()) return void this.#mount();
    if (isLong(this.#host.getAttribute('scenario') ?? '')) this.#kind = 'studio';
    if (this.#host.getAttribute('loading') === 'eager') return void this.#mount();
    this.#near = new IntersectionObserver((entries) => entries.some((e) => e.isIntersecting) && this.#mount(), { rootMargin: NEAR });
    this.#near.observe(this.#host);
  }

  disconnected() {
    this.#attributes.disconnect();
    removeEventListener('hashchange', this.#follow);
    if (linked === this) linked = undefined;
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
    this.#runs = new Runs(this.#host);
    if (this.#mounted?.instance && !this.#wantsTools()) this.#update();
    else if (this.#mounted || this.#host.getAttribute('loading') === 'eager' || this.#states.has('static')) this.#mount();
  }

  /** Whether the page's address is a link to this element's scenario: it goes to the first that has it. */
  #takesLink() {
    if ((linked && linked !== this) || !claims(this.#host.getAttribute('scenario') ?? '')) return false;
    linked = this;
    this.#linked = location.hash;
    this.#kind = 'studio';
    return true;
  }

  #follow = () => {
    linked = undefined;
    if (this.#takesLink()) this.#mount();
  };

  #wantsTools() {
    return this.#kind === 'app' && this.#host.hasAttribute('compare');
  }

  /** From now on it is the module that can do everything; where there is none, the small one still shows the run. */
  async #tools() {
    try {
      await acquire('studio');
      this.#kind = 'studio';
      return true;
    } catch (error) {
      this.#states.add('bare');
      this.#tell('error', { message: message(error) });
      return false;
    }
  }

  /** The module that can do everything takes over, at the same place. */
  async #more() {
    if (!(await this.#tools())) return;
    this.#asked = true;
    await this.#mount();
    this.#asked = false;
  }

  /** What the module that shows this element is told: the run, or, where it makes runs itself, what to run. */
  async #shown() {
    if (this.#kind === 'app') return [language(this.#host), await this.#runs.first(this.#reader)];
    return [await this.#runs.request(this.#reader, { ...compared(this.#host), link: this.#linked, asked: this.#asked })];
  }

  async #mount() {
    this.#unmount();
    this.#near?.disconnect();
    this.#near = undefined;
    // A fresh root each time: the old one may still be emptied later, or belong to a lost instance.
    const root = document.createElement('div');
    root.setAttribute('part', 'widget');
    const mounted = (this.#mounted = /** @type {NonNullable<typeof this.#mounted>} */ ({ root }));
    try {
      if (this.#wantsTools()) await this.#tools();
      let [instance, shown] = await Promise.all([acquire(this.#kind), this.#shown()]);
      while (instance.poisoned) instance = await acquire(this.#kind); // A neighbour has crashed it meanwhile.
      if (mounted !== this.#mounted) return;
      mounted.instance = instance;
      instance.users.add(this.#lost);
      for (const type of ['pointermove', 'keydown', 'input']) root.addEventListener(type, () => (instance.active = this.#lost), true);
      for (const type of EVENTS) root.addEventListener(type, (event) => event instanceof CustomEvent && this.#tell(type, event.detail));
      root.addEventListener('ready', () => this.#show(false));
      root.addEventListener('tools', () => this.#more());
      root.addEventListener('run', (event) => event instanceof CustomEvent && this.#runs.again(event.detail.knobs, (answer) => this.#call(answer)));
      for (const type of ['pointerover', 'focusin']) root.addEventListener(type, (event) => this.#kind === 'app' && foresee(event));
      if (this.#kind === 'studio') {
        const { attach } = await import('./studio.js');
        if (mounted !== this.#mounted) return;
        attach(root, instance.module, (serial, from, text) => this.#call((app, handle) => app.swept?.(handle, serial, from, text)));
      }
      this.#shadow.adoptedStyleSheets = [instance.sheet, sheet()];
      this.#shadow.append(root);
      mounted.handle = instance.call(this.#lost, (app) => app.mount(root, shown[0], shown[1]));
      if (instance.poisoned) return;
      const look = () => this.#call((app, handle) => app.resize(handle));
      mounted.size = new ResizeObserver(look);
      mounted.size.observe(this.#host);
      // One that plays stops where nobody sees it. More than nothing, since what only touches the edge is not seen.
      mounted.sight = new IntersectionObserver(look, { threshold: 1e-4 });
      mounted.sight.observe(root);
    } catch (error) {
      if (mounted === this.#mounted) this.#fail(message(error));
    }
  }

  /** What cannot be run leaves the last run where it is. */
  async #update() {
    try {
      const [what, recording] = await this.#shown();
      // Before the call: a crash in it has something to say.
      this.#note.hidden = true;
      this.#call((app, handle) => app.update(handle, what, recording));
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
    this.#mounted?.sight?.disconnect();
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
    this.#note.textContent = apology(language(this.#host), why);
    this.#note.hidden = false;
    this.#states.add('static');
    this.#tell('error', { message: why });
  }

  /** @param {boolean} fallback */
  #show(fallback) {
    this.#fallback.hidden = !fallback;
    this.#note.hidden = true;
    this.#states[fallback ? 'delete' : 'add']('live');
    this.#states.delete('static');
    if (fallback) return;
    if (this.#linked) this.#host.scrollIntoView({ block: 'start' });
    this.#linked = undefined;
    this.#tell('load', {});
  }

  /** @param {string} type @param {any} detail */
  #tell(type, detail) {
    if (type === 'change') this.#states[Object.keys((this.#reader.knobs = detail.knobs)).length ? 'add' : 'delete']('turned');
    if (type === 'seek') this.#reader.at = detail.at;
    if (type === 'error') detail.link = page(this.#host, this.#reader);
    this.#host.dispatchEvent(new CustomEvent(type, { detail }));
  }
}

/** The widget that the page's address is a link to. @type {Widget | undefined} */
let linked;
