/** The release of this package. */
export const version: string;

/** Values by their paths, such as `{ "engine.pool_recycle": 30, "traffic.0.run": "closed" }`. */
export type Knobs = Record<string, number | boolean | string>;

export interface PoolScopeEventMap {
  /** The widget is there. */
  load: CustomEvent<Record<string, never>>;
  /** The reader turned a knob; `knobs` is all that differs from the scenario. */
  change: CustomEvent<{ knobs: Knobs }>;
  /** The playhead moved; `at` is what the attribute takes, `us` the same in microseconds. */
  seek: CustomEvent<{ at: string; us: number }>;
  /** After each run; `text` is the line that the reader sees. */
  outcome: CustomEvent<{ requests: number; served: number; failed: number; text: string }>;
  /** A value that cannot be run, a wrong scenario, no WebAssembly, or a crash; `link` shows the same again. */
  error: CustomEvent<{ message: string; link: string }>;
}

interface Experiment extends HTMLElement {
  addEventListener<K extends keyof PoolScopeEventMap>(
    type: K,
    listener: (this: this, event: PoolScopeEventMap[K]) => unknown,
    options?: boolean | AddEventListenerOptions,
  ): void;
  addEventListener(type: string, listener: EventListenerOrEventListenerObject, options?: boolean | AddEventListenerOptions): void;
}

/** `<pool-scope>`: one experiment. */
export interface PoolScopeElement extends Experiment {
  /** The attribute `knobs` as an object. */
  knobs: Knobs;
}

/** `<pool-playground>`: a choice of experiments, and a place for one's own. */
export interface PoolPlaygroundElement extends Experiment {}

declare global {
  interface HTMLElementTagNameMap {
    'pool-scope': PoolScopeElement;
    'pool-playground': PoolPlaygroundElement;
  }
}
