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
  outcome: CustomEvent<{
    requests: number;
    served: number;
    failed: number;
    waited: number;
    connects: number;
    pings: number;
    refused: number;
    max_used_connections: number;
    aborted_clients: number;
    /** By their labels, such as `2013, QueuePool limit`; `-` without any. */
    errors: string;
    text: string;
  }>;
  /** A value that cannot be run, a wrong scenario, no WebAssembly, or a crash; `link` shows the same again. */
  error: CustomEvent<{ message: string; link: string }>;
}

/**
 * The attributes of `<pool-scope>`, for type checkers of templates, such as in React 19:
 *
 * ```ts
 * declare module 'react' {
 *   namespace JSX {
 *     interface IntrinsicElements {
 *       'pool-scope': React.HTMLAttributes<HTMLElement> & import('poolscope').PoolScopeAttributes;
 *     }
 *   }
 * }
 * ```
 */
export interface PoolScopeAttributes {
  /** A name, an address of a JSON file, or the JSON itself. */
  'scenario'?: string;
  /** Option of create_engine(). Without it, what the scenario says. */
  'pool-size'?: number;
  /** Option of create_engine(). Without it, what the scenario says. */
  'max-overflow'?: number;
  /** Option of create_engine(), in seconds. Without it, what the scenario says. */
  'pool-timeout'?: number;
  /** Option of create_engine(), in seconds. Without it, what the scenario says. */
  'pool-recycle'?: number;
  /** Option of create_engine(). Without it, what the scenario says. */
  'pool-pre-ping'?: boolean;
  /** Option of create_engine(). Without it, what the scenario says. */
  'pool-use-lifo'?: boolean;
  /** Option of create_engine(). Without it, what the scenario says. */
  'pool-reset-on-return'?: 'rollback' | 'commit' | 'none';
  /** Option of create_engine(). Without it, what the scenario says. */
  'poolclass'?: 'QueuePool' | 'NullPool' | 'StaticPool' | 'SingletonThreadPool' | 'AssertionPool';
  /** Variable of the server. Without it, what the scenario says. */
  'max-connections'?: number;
  /** Variable of the server, in seconds. Without it, what the scenario says. */
  'wait-timeout'?: number;
  /** Variable of the server, in seconds. Without it, what the scenario says. */
  'interactive-timeout'?: number;
  /** Part of the experiment. Without it, what the scenario says. */
  'sqlalchemy'?: '1.1' | '1.2' | '1.3' | '1.4' | '2.0' | '2.1';
  /** Part of the experiment. Without it, what the scenario says. */
  'driver'?: 'pymysql' | 'mysqlclient' | 'mysqlclient-mariadb' | 'aiomysql' | 'mysql-connector-python' | 'mysql-connector-python-pure';
  /** Part of the experiment. Without it, what the scenario says. */
  'transport'?: 'tcp' | 'unix';
  /** Part of the experiment. Without it, what the scenario says. */
  'server'?: 'mysql-5.7' | 'mysql-8.0' | 'mysql-8.4' | 'mysql-9.7' | 'mariadb-10.11';
  /** Part of the experiment. Without it, what the scenario says. */
  'seed'?: number;
  /** JSON of anything else, by its path. */
  'knobs'?: string;
  /** Show the run beside another one of the same seed: empty, beside the scenario as it is; JSON like that of knobs, beside a run with these settings. */
  'compare'?: string;
  /** Where to start: "25 s", "first error", "end". */
  'at'?: string;
  /** Without it, the nearest lang around the element. */
  'lang'?: 'en' | 'zh-CN';
  /** Without it, the page's own colours. */
  'theme'?: 'light' | 'dark';
  /** The run itself, as `poolscope embed` writes it; without it the simulator makes it. */
  'recording'?: string;
  /** Whether to wait until the element is near the window. */
  'loading'?: 'lazy' | 'eager';
  /** Which parts to show besides the timeline, by their names with blanks between. Without it, all. */
  'controls'?: string;
}

/** Those of `<pool-playground>`. */
export interface PoolPlaygroundAttributes extends PoolScopeAttributes {
  /** The names to choose from, with blanks between. Without it, all. */
  'scenarios'?: string;
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
