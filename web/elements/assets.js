// @ts-check
// What a copy brings along besides code, and where it is. The single file has another one of these, with everything inside.

/** Where this copy is; `embed.html` lies beside it. */
export const base = import.meta.url;

/** The wasm module that shows runs. */
export const wasm = () => fetch(new URL('./poolscope_app_bg.wasm', import.meta.url));

/** The module that makes them. */
export const simulator = () => fetch(new URL('./poolscope_headless_bg.wasm', import.meta.url));

/** The module that can do everything, where this copy has it. @type {undefined | (() => Promise<Response>)} */
export const studio = () => fetch(new URL('./poolscope_studio_bg.wasm', import.meta.url));

/** A scenario that comes with the widget. @param {string} name */
export const scenario = (name) => fetch(new URL(`./scenarios/${name}.json`, import.meta.url));

/** Its run, as the attribute `recording` has it. @param {string} name */
export const run = (name) => fetch(new URL(`./scenarios/${name}.run`, import.meta.url));

/** The scenarios that come with the widget: name, title and summary of each. */
export const index = async () => (await fetch(new URL('./scenarios/index.json', import.meta.url))).json();
