/** Whole seconds, or text such as "250 ms", "1.02 s", "8 h". */
export type Span = number | string;
export type Value = number | boolean | string;
/** A scenario as JSON; `poolscope schema` prints its schema. */
export type Scenario = { seed: number; until: Span; programs: object; traffic: object } & Record<string, unknown>;

/** What a run comes to. Times are in microseconds. */
export interface Outcome {
  /** Requests that arrived, and runs of jobs; what a process does as it starts counts when it fails. */
  requests: number;
  served: number;
  failed: number;
  unfinished: number;
  /** Failed requests by the error that left the handler: MySQL's number, or a name such as "QueuePool limit"; "wrong answer" if nothing was raised, but the rows were another process's. */
  errors: Record<string, number>;
  /** Checkouts that had to wait for a connection. */
  waited: number;
  wait_max: number;
  wait_total: number;
  pings: number;
  /** DBAPI connections opened. */
  connects: number;
  /** Clients that the server refused (1040). */
  refused: number;
  max_used_connections: number;
  aborted_clients: number;
  held_at_end: number;
  checked_out_at_end: number;
  threads_connected_at_end: number;
  /** The limit that cut the run short. */
  truncated?: string;
}

/** One event. The fields after `event` depend on its kind; later versions may add kinds and fields. */
export interface TraceEvent {
  /** Microseconds since the start. */
  at: number;
  /** Index into the trace of the event that made this one happen. */
  cause?: number;
  /** The rule that the event follows. */
  rule: string;
  /** Index into `tasks` of the thread that acted; absent if the server did. */
  task?: number;
  /** The kind; pool events have SQLAlchemy's own names. */
  event: string;
  [field: string]: number | string | undefined;
}

export interface Run {
  outcome: Outcome;
  /** The names of the application's threads. */
  tasks: string[];
  trace: TraceEvent[];
}

/**
 * Runs a scenario: the same events on every machine.
 *
 * @param scenario JSON text, or the object itself
 * @param options `set`: values to change first, by their paths: `{ 'engine.pool_recycle': 30 }`
 * @throws Error with everything that is wrong with the scenario, one line each
 */
export function simulate(scenario: string | Scenario, options?: { set?: Record<string, Value> }): Promise<Run>;
