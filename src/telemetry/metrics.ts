/**
 * What is counted and timed, as the parts that do it see it. They tell of what happened; what becomes of it
 * (Prometheus, in `prometheus.ts`) is not theirs to know. None of these calls throws, and each costs about a
 * microsecond.
 */

/** What a socket catches up with. */
export type ReplayedStream = 'ticket' | 'inbox' | 'room';

/** What is bounded, beside what a socket may have waiting: see docs/limits.md. */
export const BOUNDS = ['connections', 'requests', 'commands', 'mailbox', 'appends', 'replays', 'broker'] as const;
export type Bound = (typeof BOUNDS)[number];

export interface Metrics {
  /** One committed flush of the appender. */
  appended(events: number, milliseconds: number): void;
  /** `result`: `done`, `unchanged`, `repeated`, the code of a refusal, or `failed`. */
  commandAnswered(kind: string, command: string, result: string, milliseconds: number): void;
  /** `route` is its pattern, never an address. */
  requestAnswered(method: string, route: string, status: number, milliseconds: number): void;
  authenticationFailed(channel: 'http' | 'socket', reason: string): void;
  /** A socket has what it asked for and goes on live; `events` of the past were sent to it. */
  joined(stream: ReplayedStream, events: number): void;
  /** A socket was told to load afresh instead of being sent what it missed. */
  resynced(stream: ReplayedStream, reason: string): void;
  /** A socket was cut off because it did not take what it was sent. */
  slowConsumer(namespace: string): void;
  /** Something was refused, for its sender to try again, because a bound was reached. */
  refused(bound: Bound): void;
  /** One committed batch of a projection. */
  batchProjected(projection: string, events: number, milliseconds: number): void;
}

const nothing = () => undefined;

/** For parts of which nobody asks. */
export const noMetrics: Metrics = {
  appended: nothing,
  commandAnswered: nothing,
  requestAnswered: nothing,
  authenticationFailed: nothing,
  joined: nothing,
  resynced: nothing,
  slowConsumer: nothing,
  refused: nothing,
  batchProjected: nothing,
};

/** What is looked up when somebody asks for the metrics, and costs nothing otherwise. */
export interface Sampled {
  /** Newest position of the log that this process knows of. */
  head(): Promise<number>;
  /** Undefined in a process that does not run it. */
  relay(): { readonly leading: boolean; readonly position: number } | undefined;
  projections(): readonly SampledProjection[];
  actors(): number;
  /** By namespace. */
  sockets(): Iterable<readonly [namespace: string, count: number]>;
  rooms(): Iterable<readonly [namespace: string, count: number]>;
  /** Bytes that wait on the socket connection with the most. */
  outbound(): number | undefined;
}

export interface SampledProjection {
  readonly name: string;
  /** Undefined where another process runs it. */
  readonly position: number | undefined;
  readonly lag: number | undefined;
  readonly failure: object | undefined;
  /** Streams with events that could not be handled and wait for an operator; undefined where it does not run. */
  readonly parkedStreams: number | undefined;
}
