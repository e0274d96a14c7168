// @ts-check
// A worker that runs a scenario with many pairs of values, for a map.
// @ts-ignore: made when the site is built
import glue from './poolscope_studio.js';

onmessage = async ({ data: { module, request, total, cells } }) => {
  const app = glue((/** @type {object} */ exports) => exports);
  await app({ module_or_path: module });
  for (let from = 0; from < total; from += cells) postMessage({ from, text: app.sweep(request, from, cells) });
};
