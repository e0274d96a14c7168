// @ts-check
// The runs of one element: recorded when its page was made, or made by the simulator, which is loaded when it is needed.
import { run } from './assets.js';
import { acquire } from './loader.js';
import { OPTIONS, config, message, scenarioOf } from './source.js';
import { version } from './version.js';

/**
 * Where the reader is, so that a fresh instance, or a newer copy, continues there.
 * @typedef {{ knobs?: object, at?: string }} Reader
 */

export class Runs {
  /** Fetched when it is first run. @type {Promise<import('./source.js').Scenario> | undefined} */
  #scenario;

  /** The knobs as they were turned last. @type {object | undefined} */
  #turned;

  /** @param {HTMLElement} host */
  constructor(host) {
    this.host = host;
  }

  /** What to run, for a module that runs scenarios. @param {Reader} reader @param {object} more */
  async request(reader, more) {
    try {
      return config(this.host, await (this.#scenario ??= scenarioOf(this.host)), reader, more);
    } catch (error) {
      // The network may be back when it is asked for again.
      this.#scenario = undefined;
      throw error;
    }
  }

  /** The run with these knobs. @param {Reader} reader @param {object} more */
  async make(reader, more) {
    let [simulator, request] = await Promise.all([acquire('simulator'), this.request(reader, more)]);
    while (simulator.poisoned) simulator = await acquire('simulator'); // A neighbour has crashed it meanwhile.
    return simulator.app.record(request);
  }

  /**
   * Answers a reader who has turned a knob. Of several answers that are awaited at once only the last one is given.
   * @param {object} knobs
   * @param {(answer: (app: import('./loader.js').App, handle: number) => void) => void} call
   */
  async again(knobs, call) {
    this.#turned = knobs;
    try {
      const recording = await this.make({ knobs }, { again: true });
      if (this.#turned === knobs) call((app, handle) => app.ran(handle, recording));
    } catch (error) {
      if (this.#turned === knobs) call((app, handle) => app.refused(handle, message(error)));
    }
  }

  /** The run to begin with. @param {Reader} reader */
  async first(reader) {
    return (await recorded(this.host, reader)) ?? this.make(reader, {});
  }
}

/** Whoever goes near a knob may turn it. @param {Event} event */
export function foresee({ target }) {
  if (target instanceof Element && target.closest('[part=knobs]')) acquire('simulator').catch(() => {});
}

/** What a recording of this release begins with. */
const RELEASE = `poolscope ${version}\n`;

/**
 * The run of this element, if it came with the page or with this package, and is the run of what the attributes say.
 * @param {HTMLElement} host
 * @param {Reader} reader
 * @returns {Promise<Uint8Array | undefined>}
 */
async function recorded(host, reader) {
  if (reader.knobs || reader.at || ['knobs', 'at', ...OPTIONS].some((name) => host.hasAttribute(name))) return undefined;
  const scenario = host.getAttribute('scenario') ?? '';
  const own = /^\s*\{/.test(scenario);
  try {
    const [made, data] = (own ? host.getAttribute('recording') ?? '' : await shipped(scenario)).split(':');
    if (!data || (own && made !== fingerprint(scenario))) return undefined;
    const packed = Uint8Array.from(atob(data.trim()), (c) => c.charCodeAt(0));
    const unpacked = new Blob([packed]).stream().pipeThrough(new DecompressionStream('deflate'));
    const bytes = new Uint8Array(await new Response(unpacked).arrayBuffer());
    return new TextDecoder().decode(bytes.subarray(0, RELEASE.length)) === RELEASE ? bytes : undefined;
  } catch {
    // The simulator makes the same.
    return undefined;
  }
}

/** @param {string} name */
async function shipped(name) {
  const response = /^[\w-]+$/.test(name) ? await run(name) : undefined;
  return response?.ok ? response.text() : '';
}

/** FNV-1a, as `poolscope-embed` has it. @param {string} text */
function fingerprint(text) {
  let hash = 0x811c9dc5;
  for (let n = 0; n < text.length; n++) hash = Math.imul(hash ^ text.charCodeAt(n), 0x01000193);
  return (hash >>> 0).toString(16).padStart(8, '0');
}
