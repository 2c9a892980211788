/** The messages between the primary and its workers. */
import type { Config } from '../config.ts';

/** What a worker needs to start. */
export interface Assignment {
  /** From 1. A replacement has the number of the dead worker. */
  readonly number: number;
  readonly workers: number;
  readonly config: Config;
  readonly databaseUrl: string;
  readonly natsUrl: string;
}

export type FromWorker =
  | { readonly deskwire: 'hello' }
  | { readonly deskwire: 'serving'; readonly url: string; readonly peerPort: number }
  /** The worker cannot start. */
  | { readonly deskwire: 'failed'; readonly reason: string }
  /** The worker has to answer a scrape for the whole host. */
  | { readonly deskwire: 'collect-metrics'; readonly question: number }
  | { readonly deskwire: 'metrics'; readonly collection: number; readonly snapshot: unknown };

export type ToWorker =
  | { readonly deskwire: 'start'; readonly assignment: Assignment }
  /** Loopback ports on which workers accept requests from each other, by worker number. */
  | { readonly deskwire: 'peers'; readonly ports: Peers }
  | { readonly deskwire: 'metrics-wanted'; readonly collection: number }
  | { readonly deskwire: 'metrics-collected'; readonly question: number; readonly snapshots: readonly unknown[] }
  | { readonly deskwire: 'drain' };

export type Peers = Readonly<Record<number, number>>;

/** Other messages belong to the Socket.IO adapter. */
export function isDeskwireMessage(message: unknown): message is { readonly deskwire: string } {
  return typeof message === 'object' && message !== null && 'deskwire' in message;
}
