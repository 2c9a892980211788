/**
 * What an operator sees of the log and the read models, and can have done with them: the port between the API and those
 * who do it. Whoever calls it has checked that an admin asks.
 */

import type { ParkedStream } from '../projections/admin/orders.ts';
import type { ProjectionStatus } from '../projections/admin/status.ts';
import type { ProjectionName } from '../projections/catalog.ts';

export interface OperationsView {
  /** Of the log. */
  readonly epoch: string;
  /** The newest position of the log; with `time` and another look, its rate. */
  readonly position: number;
  /** RFC 3339 UTC: when this was so. */
  readonly time: string;
  /** How far JetStream has the log; undefined while nobody can tell. */
  readonly relay: { readonly position: number; readonly lag: number } | undefined;
  readonly projections: readonly ProjectionStatus[];
}

export interface Operations {
  view(): Promise<OperationsView>;
  /** Begins a rebuild, or goes on with an interrupted one. Rejects with `conflict` while one is going on. */
  rebuild(name: ProjectionName): Promise<void>;
  /** Begins to bring back what served before the last rebuild. Rejects with `conflict` when there is nothing, or a rebuild. */
  rollBack(name: ProjectionName): Promise<void>;
  /** Gives a rebuild up, wherever it is going on. Rejects with `conflict` when there is none. */
  abort(name: ProjectionName): Promise<void>;
  /** No error when it is so already. */
  setPaused(name: ProjectionName, paused: boolean): Promise<void>;
  /** Of all projections. */
  parked(): Promise<readonly ParkedStream[]>;
  /** Has a stream tried again, or all of them; resolves with how many are. */
  retry(name: ProjectionName, stream?: string): Promise<number>;
  /** Leaves the event that holds up a stream out for good. Rejects with `conflict` when it is not the one at `position`. */
  skip(name: ProjectionName, stream: string, position: number): Promise<void>;
}
