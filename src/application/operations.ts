/**
 * What an operator sees of the log and the read models, and can have done with them: the port between the API and those
 * who do it. Its callers have checked that an admin asks. `Name` is the name of a projection.
 */
import type { OperationsView, ParkedStreams } from '../contract/operations.ts';

export interface Operations<Name extends string = string> {
  /** The names of all projections. */
  readonly projections: readonly Name[];
  view(): Promise<OperationsView>;
  /** Begins a rebuild, or goes on with an interrupted one. Rejects with `conflict` while one is going on. */
  rebuild(name: Name): Promise<void>;
  /** Begins to bring back what served before the last rebuild. Rejects with `conflict` when there is nothing, or a rebuild. */
  rollBack(name: Name): Promise<void>;
  /** Gives a rebuild up, wherever it is going on. Rejects with `conflict` when there is none. */
  abort(name: Name): Promise<void>;
  /** No error when it is so already. */
  setPaused(name: Name, paused: boolean): Promise<void>;
  /** Of all projections. */
  parked(): Promise<ParkedStreams['items']>;
  /** Has a stream tried again, or all of them; resolves with how many are. */
  retry(name: Name, stream?: string): Promise<number>;
  /** Leaves the event that holds up a stream out for good. Rejects with `conflict` when it is not the one at `position`. */
  skip(name: Name, stream: string, position: number): Promise<void>;
}
