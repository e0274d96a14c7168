// @ts-check
// The simulator without a view, in Node.
import { readFile } from 'node:fs/promises';
import { simulator } from './simulator.js';

export const simulate = simulator(() => readFile(new URL('./poolscope_headless_bg.wasm', import.meta.url)));
