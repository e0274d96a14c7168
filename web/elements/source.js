// @ts-check
// What an element shows, from where: its attributes, its scenario's text, and the addresses that say the same.
import { base, scenario as shipped, studio } from './assets.js';

/** Options that may stand on the element itself, as in `pool-recycle="30"`. */
export const OPTIONS = [
  'pool-size', 'max-overflow', 'pool-timeout', 'pool-recycle', 'pool-pre-ping', 'pool-use-lifo', 'pool-reset-on-return', 'poolclass',
  'max-connections', 'wait-timeout', 'interactive-timeout', 'sqlalchemy', 'driver', 'transport', 'server', 'seed',
];
/** Attributes that decide what is run and shown. */
export const MEANING = ['scenario', 'knobs', 'compare', 'at', 'lang', ...OPTIONS];
/** What a link to the same widget says. */
export const ATTRIBUTES = [...MEANING, 'theme', 'controls'];
/** Beside the picture of a run that cannot be more than a picture. @param {string} lang @param {string} why */
export const apology = (lang, why) =>
  lang.startsWith('zh') ? `这里无法互动（${why}）；下面是构建本页时同一次运行的图。` : `Not interactive here (${why}); below is the same run as a picture.`;
/** A name has neither dots nor slashes. @param {string} scenario */
export const isAddress = (scenario) => !/^\s*\{/.test(scenario) && /[/.:]/.test(scenario);

/** @param {unknown} error */
export const message = (error) => (error instanceof Error ? error.message : String(error));

/** @param {Element} host */
export const language = (host) => host.closest('[lang]')?.getAttribute('lang') ?? 'en';

/**
 * The text of an element's scenario, and its name.
 * @param {HTMLElement} host
 * @typedef {{ name: string, text: string }} Scenario
 * @returns {Promise<Scenario>}
 */
export async function scenarioOf(host) {
  const scenario = host.getAttribute('scenario') ?? '';
  if (/^\s*\{/.test(scenario)) return { name: host.id, text: scenario };
  return { name: scenario, text: await fetched(scenario, host.baseURI) };
}

/**
 * What a wasm module that runs scenarios is told, as JSON. The scenario's text goes in untouched: the module reads and judges it.
 * @param {HTMLElement} host
 * @param {Scenario} scenario
 * @param {import('./runs.js').Reader} reader
 * @param {object} more
 */
export function config(host, { name, text }, reader, more) {
  const attribute = (/** @type {string} */ name) => host.getAttribute(name);
  const options = OPTIONS.filter((o) => attribute(o) !== null).map((o) => [o.replaceAll('-', '_'), attribute(o) || 'true']);
  const knobs = reader.knobs ?? { ...Object.fromEntries(options), ...parsed('knobs', attribute('knobs')) };
  const rest = { name, knobs, at: reader.at ?? attribute('at') ?? undefined, lang: language(host), ...more };
  return `{"scenario":${text},${JSON.stringify(rest).slice(1)}`;
}

/** The run to compare with, for the module that compares. @param {HTMLElement} host */
export function compared(host) {
  const compare = host.getAttribute('compare');
  return compare === null ? {} : { compare: parsed('compare', compare) };
}

/** An attribute that holds JSON. @param {string} name @param {string | null} text */
function parsed(name, text) {
  try {
    return JSON.parse(text || '{}');
  } catch (error) {
    throw new Error(`${name}: ${message(error)}`);
  }
}

/** Whether it sets limits of its own: a long run, for which there is a module that can draw it. @param {string} scenario */
export const isLong = (scenario) => Boolean(studio) && /^\s*\{.*"limits"/s.test(scenario);

/** @param {string} name @param {string} from */
async function fetched(name, from) {
  if (!isAddress(name) && !/^[\w-]+$/.test(name)) throw new Error(name ? `${name}: not the name of a scenario` : 'there is no scenario');
  const response = await (isAddress(name) ? fetch(new URL(name, from)) : shipped(name));
  if (!response.ok) throw new Error(`${response.url ? new URL(response.url).pathname : name}: ${response.status}`);
  return response.text();
}

/** Whether the page's address is a link to a run of this scenario. @param {string} scenario */
export function claims(scenario) {
  if (!location.hash.startsWith('#poolscope=')) return false;
  const name = new URLSearchParams(location.hash.slice(1)).get('scenario');
  if (!/^\s*\{/.test(scenario)) return name === scenario.replace(/^.*\/|\.json$/g, '');
  try {
    return name === JSON.parse(scenario).name;
  } catch {
    return false;
  }
}

/**
 * The page of this package that shows the same: what the attributes say, and what the reader did.
 * @param {HTMLElement} host
 * @param {import('./runs.js').Reader} reader
 */
export function page(host, reader) {
  const { baseURI } = host;
  const url = new URL('embed.html', URL.canParse('embed.html', base) ? base : baseURI);
  for (const name of ATTRIBUTES) {
    const value = host.getAttribute(name);
    if (value !== null) url.searchParams.set(name, value);
  }
  if (reader.knobs) {
    for (const name of OPTIONS) url.searchParams.delete(name);
    url.searchParams.set('knobs', JSON.stringify(reader.knobs));
  }
  const scenario = url.searchParams.get('scenario') ?? '';
  if (isAddress(scenario) && URL.canParse(scenario, baseURI)) url.searchParams.set('scenario', new URL(scenario, baseURI).href);
  if (reader.at) url.searchParams.set('at', reader.at);
  return url.href;
}
