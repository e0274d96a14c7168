// @ts-check
// The simulator without a view, in a browser.
import { simulator } from './simulator.js';

export const simulate = simulator(async () => {
  const response = await fetch(new URL('./poolscope_headless_bg.wasm', import.meta.url));
  if (!response.ok) throw new Error(`${response.url}: ${response.status}`);
  return response.arrayBuffer();
});
