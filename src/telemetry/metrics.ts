/**
 * The port for metrics. Parts of the process report what happened; an implementation (`prometheus.ts`) counts and times
 * it. None of these calls throws, and each costs about a microsecond.
 */

/** Kinds of streams that a joining socket catches up with. */
export type ReplayedStream = 'ticket' | 'inbox' | 'room';

/** The bounds that refuse work (docs/limits.md), without the bound on one socket's outbound data. */
export const BOUNDS = ['connections', 'requests', 'commands', 'mailbox', 'appends', 'replays', 'broker'] as const;
export type Bound = (typeof BOUNDS)[number];

/** What a message over NATS claimed to be that lacks the seal of the cluster (src/broker/seal.ts). */
export const UNAUTHENTICATED = ['message', 'answer', 'event', 'notice'] as const;
export type Unauthenticated = (typeof UNAUTHENTICATED)[number];

export interface Metrics {
  /** One committed flush of the appender. */
  appended(events: number, milliseconds: number): void;
  /** `result`: `done`, `unchanged`, `repeated`, the code of a refusal, or `failed`. */
  commandAnswered(kind: string, command: string, result: string, milliseconds: number): void;
  /** `route` is the pattern of the route, never the path of a request. */
  requestAnswered(method: string, route: string, status: number, milliseconds: number): void;
  authenticationFailed(channel: 'http' | 'socket', reason: string): void;
  /** A socket joined a live stream, after `events` missed events were sent to it. */
  joined(stream: ReplayedStream, events: number): void;
  /** A socket was told to load afresh instead of receiving the missed events. */
  resynced(stream: ReplayedStream, reason: string): void;
  /** A socket was cut off because it did not read what it was sent. */
  slowConsumer(namespace: string): void;
  /** Work was refused because a bound was reached; the sender may retry. */
  refused(bound: Bound): void;
  /** A message over NATS was ignored: it does not have the seal of the cluster. */
  unauthenticated(what: Unauthenticated): void;
  /** One committed batch of a projection. */
  batchProjected(projection: string, events: number, milliseconds: number): void;
}

const nothing = () => undefined;

/** Ignores everything. */
export const noMetrics: Metrics = {
  appended: nothing,
  commandAnswered: nothing,
  requestAnswered: nothing,
  authenticationFailed: nothing,
  joined: nothing,
  resynced: nothing,
  slowConsumer: nothing,
  refused: nothing,
  unauthenticated: nothing,
  batchProjected: nothing,
};

/** Values that are read at each scrape, and cost nothing in between. */
export interface Sampled {
  /** Newest position of the log that this process knows of. */
  head(): Promise<number>;
  /** Undefined in a process without a relay. */
  relay(): { readonly leading: boolean; readonly position: number } | undefined;
  projections(): readonly SampledProjection[];
  actors(): number;
  /** By namespace. */
  sockets(): Iterable<readonly [namespace: string, count: number]>;
  rooms(): Iterable<readonly [namespace: string, count: number]>;
  /** Bytes that wait on the socket connection with the most waiting bytes. */
  outbound(): number | undefined;
}

export interface SampledProjection {
  readonly name: string;
  /** Undefined where another process runs the projection. */
  readonly position: number | undefined;
  readonly lag: number | undefined;
  readonly failure: object | undefined;
  /** Streams with parked events; undefined where another process runs the projection. */
  readonly parkedStreams: number | undefined;
}
