// @ts-check
import glue from './poolscope_headless.js';

/** @param {() => Promise<BufferSource>} load */
export function simulator(load) {
  /** @type {Promise<WebAssembly.Module> | undefined} */
  let module;
  /** @type {Promise<{ simulate: (scenario: string, changes: string) => string }> | undefined} */
  let instance;

  async function start() {
    module ??= load().then((bytes) => WebAssembly.compile(bytes));
    // An instance that anything was thrown out of is not used again.
    const app = glue((/** @type {Record<string, any>} */ exports) => ({
      ...exports,
      /** @param {any[]} values */
      simulate(...values) {
        try {
          return exports.simulate(...values);
        } catch (error) {
          instance = undefined;
          throw error;
        }
      },
    }));
    await app({ module_or_path: await module });
    return app;
  }

  /** @type {typeof import('./headless.d.ts').simulate} */
  return async function simulate(scenario, { set = {} } = {}) {
    instance ??= start();
    let app;
    try {
      app = await instance;
    } catch (error) {
      instance = module = undefined;
      throw error;
    }
    const text = typeof scenario === 'string' ? scenario : JSON.stringify(scenario);
    return JSON.parse(app.simulate(text, JSON.stringify(set)));
  };
}
