/** What the primary and its workers say to each other. */
import type { Config } from '../config.ts';

/** Everything that a worker is told when it starts. */
export interface Assignment {
  /** From 1; a worker that replaces a dead one has its number. */
  readonly number: number;
  readonly workers: number;
  readonly config: Config;
  readonly databaseUrl: string;
  readonly natsUrl: string;
}

export type FromWorker =
  | { readonly deskwire: 'hello' }
  | { readonly deskwire: 'serving'; readonly url: string; readonly peerPort: number }
  /** It cannot start, and why. */
  | { readonly deskwire: 'failed'; readonly reason: string }
  /** It was asked for the metrics of the host. */
  | { readonly deskwire: 'collect-metrics'; readonly question: number }
  | { readonly deskwire: 'metrics'; readonly collection: number; readonly snapshot: unknown };

export type ToWorker =
  | { readonly deskwire: 'start'; readonly assignment: Assignment }
  /** Where the workers take requests from each other: ports of the loopback interface, by number. */
  | { readonly deskwire: 'peers'; readonly ports: Peers }
  | { readonly deskwire: 'metrics-wanted'; readonly collection: number }
  | { readonly deskwire: 'metrics-collected'; readonly question: number; readonly snapshots: readonly unknown[] }
  | { readonly deskwire: 'drain' };

export type Peers = Readonly<Record<number, number>>;

/** Anything else is of the socket.io adapter. */
export function isOurs(message: unknown): message is { readonly deskwire: string } {
  return typeof message === 'object' && message !== null && 'deskwire' in message;
}
