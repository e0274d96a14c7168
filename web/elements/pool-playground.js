// @ts-check
// <pool-playground>: a choice of experiments, and a place for one's own.
import { index, scenario as shipped } from './assets.js';
import { ATTRIBUTES, version } from './pool-scope.js';
import { offer } from './shell.js';

const WORDS = {
  en: { experiment: 'Experiment', own: 'Your own scenario (JSON)', run: 'Run' },
  zh: { experiment: '实验', own: '自己的场景（JSON）', run: '运行' },
};
/** Those of the widget, passed on; the playground chooses the scenario. */
const PASSED = ATTRIBUTES.filter((name) => name !== 'scenario');
/** Told by the widget, told on. */
const EVENTS = ['load', 'change', 'seek', 'outcome', 'error'];

/** @typedef {{ name: string, title?: string | Record<string, string>, summary?: string | Record<string, string> }} Entry */

class Playground {
  /** @type {import('./shell.js').Copy['properties']} */
  static properties = {};
  #attributes = new MutationObserver((changes) => this.#changed(changes));
  #select = document.createElement('select');
  #text = document.createElement('textarea');
  #widget = document.createElement('pool-scope');
  /** @type {HTMLElement} */ #host;
  /** @type {ShadowRoot} */ #shadow;
  /** What another copy had chosen. @type {unknown} */ #state;

  /** @param {HTMLElement} host @param {ShadowRoot} shadow @param {ElementInternals} _internals @param {unknown} state */
  constructor(host, shadow, _internals, state) {
    [this.#host, this.#shadow] = [host, shadow];
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(
      ':host{display:block}:host([hidden]){display:none!important}:host([theme=dark]){color-scheme:dark}:host([theme=light]){color-scheme:light}' +
        'label{display:block;margin-block:0 .75em}select,textarea,button{font:inherit}select{max-inline-size:100%;min-block-size:2.75em;margin-inline-start:.5em}' +
        'textarea{display:block;box-sizing:border-box;inline-size:100%;block-size:16em;font-family:ui-monospace,monospace;margin-block:.25em .5em}' +
        'button{min-block-size:2.75em;padding-inline:1em}details{margin-block-start:1em}summary{min-block-size:2.75em;align-content:center;cursor:pointer}',
    );
    shadow.adoptedStyleSheets = [sheet];
    for (const type of EVENTS) {
      this.#widget.addEventListener(type, (event) => {
        const { detail } = /** @type {CustomEvent} */ (event);
        host.dispatchEvent(new CustomEvent(type, { detail }));
      });
    }
    this.#select.addEventListener('change', () => this.#choose(this.#select.value));
    this.#attributes.observe(host, { attributes: true, attributeFilter: ['scenario', ...PASSED] });
    this.#state = state;
  }

  async connected() {
    if (this.#shadow.childElementCount > 0) return;
    const lang = this.#host.closest('[lang]')?.getAttribute('lang') ?? 'en';
    const words = lang.startsWith('zh') ? WORDS.zh : WORDS.en;
    const label = document.createElement('label');
    label.setAttribute('part', 'choice');
    label.append(words.experiment, ' ', this.#select);
    const own = document.createElement('details');
    own.setAttribute('part', 'own');
    const summary = document.createElement('summary');
    summary.textContent = words.own;
    this.#text.ariaLabel = words.own;
    this.#text.spellcheck = false;
    const run = document.createElement('button');
    run.textContent = words.run;
    run.addEventListener('click', () => this.#show(this.#text.value));
    own.append(summary, this.#text, run);
    this.#widget.setAttribute('exportparts', 'widget, outcome, knobs, timeline, transport, tools, comparison, story, listing, holdings, server, log, note');
    this.#widget.append(document.createElement('slot'));
    this.#shadow.append(label, this.#widget, own);
    for (const name of PASSED) this.#pass(name);

    const wanted = this.#host.getAttribute('scenario');
    /** @type {Entry[]} */
    const entries = await index().catch(() => []);
    const chosen = this.#host.getAttribute('scenarios')?.split(/\s+/);
    for (const { name, title } of entries.filter((entry) => !chosen || chosen.includes(entry.name))) {
      this.#select.append(new Option(typeof title === 'object' ? (title[lang] ?? title.en) : (title ?? name), name));
    }
    label.hidden = this.#select.length < 2;
    this.#choose(typeof this.#state === 'string' ? this.#state : (wanted ?? this.#select.value));
  }

  disconnected() {
    this.#attributes.disconnect();
  }

  release() {
    this.disconnected();
    return this.#select.value;
  }

  /** @param {MutationRecord[]} changes */
  #changed(changes) {
    for (const name of new Set(changes.map((change) => change.attributeName ?? ''))) {
      if (name === 'scenario') this.#choose(this.#host.getAttribute(name) ?? this.#select.value);
      else this.#pass(name);
    }
  }

  /** @param {string} name */
  #pass(name) {
    const value = this.#host.getAttribute(name);
    if (value === null) this.#widget.removeAttribute(name);
    else this.#widget.setAttribute(name, value);
  }

  /** @param {string} scenario */
  async #choose(scenario) {
    this.#select.value = scenario;
    this.#show(scenario);
    const text = /^\s*\{/.test(scenario) ? scenario : await textOf(scenario);
    try {
      this.#text.value = JSON.stringify(JSON.parse(text), null, 2);
    } catch {
      this.#text.value = text;
    }
  }

  /** @param {string} scenario */
  #show(scenario) {
    this.#widget.setAttribute('scenario', scenario);
  }
}

/** @param {string} name */
async function textOf(name) {
  if (!/^[\w-]+$/.test(name)) return '';
  const response = await shipped(name);
  return response.ok ? response.text() : '';
}

offer('pool-playground', { version, properties: Playground.properties, Life: Playground });
