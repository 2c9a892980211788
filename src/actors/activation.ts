/**
 * Folds a stream into its state: a short stream from its beginning, a long one from its newest snapshot. Streams that
 * are activated at the same time are read in common statements.
 */
import type { DomainEvent, RecordedEvent, Stream } from '../domain/event.ts';
import { createBatcher } from '../support/batcher.ts';
import type { Log } from './log.ts';
import type { LogReads } from './log-reads.ts';
import type { Snapshot, SnapshotKey, SnapshotStore } from './snapshots.ts';

/** A decider of any kind of stream. An actor gets commands and states of its own kind only. */
export interface Logic {
  readonly stateVersion: number;
  initialState(): unknown;
  decide(command: unknown, state: unknown, context: unknown): readonly DomainEvent[];
  evolve(state: unknown, event: RecordedEvent): unknown;
  revisionOf?(state: unknown): number;
}

export interface Folded {
  readonly state: unknown;
  readonly version: number;
}

export interface Activated extends Folded {
  /** The version of the snapshot that the state was folded from; 0 without one. */
  readonly snapshotVersion: number;
}

export interface Activation {
  /** The state and version of a stream; version 0 when it does not exist. */
  load(stream: Stream, logic: Logic): Promise<Activated>;
  /** Folds the events that were recorded after `folded`. */
  advance(stream: Stream, logic: Logic, folded: Folded): Promise<Folded>;
}

/** Streams with fewer events than this are folded from their beginning, without a snapshot. */
export const SHORT_STREAM = 64;
/** Events read at a time: few enough that folding them does not block the event loop for long. */
const PAGE = 500;

const BATCHES = { size: 100, concurrency: 4 };

export function createActivation(deps: {
  readonly reads: Pick<LogReads, 'events'>;
  readonly snapshots: Pick<SnapshotStore, 'load'>;
  readonly log: Log;
}): Activation {
  const { reads, snapshots, log } = deps;
  const loadSnapshot = createBatcher<SnapshotKey, Snapshot | undefined>((keys) => snapshots.load(keys), BATCHES);

  async function snapshotOf(stream: Stream, logic: Logic): Promise<Snapshot | undefined> {
    try {
      return await loadSnapshot({ stream, stateVersion: logic.stateVersion });
    } catch (error) {
      log.warn({ err: error, stream }, 'snapshot not loaded');
      return undefined;
    }
  }

  async function advance(stream: Stream, logic: Logic, folded: Folded): Promise<Folded> {
    let current = folded;
    for (;;) {
      const events = await reads.events({ stream, after: current.version, limit: PAGE });
      current = foldEvents(logic, current, events);
      if (events.length < PAGE) return current;
    }
  }

  return {
    advance,
    async load(stream, logic) {
      const beginning = await reads.events({ stream, after: 0, limit: SHORT_STREAM });
      const short = foldEvents(logic, { state: logic.initialState(), version: 0 }, beginning);
      if (beginning.length < SHORT_STREAM) return { ...short, snapshotVersion: 0 };
      const snapshot = await snapshotOf(stream, logic);
      if (snapshot === undefined || snapshot.version <= short.version) {
        return { ...(await advance(stream, logic, short)), snapshotVersion: 0 };
      }
      return { ...(await advance(stream, logic, snapshot)), snapshotVersion: snapshot.version };
    },
  };
}

export function foldEvents(logic: Logic, from: Folded, events: readonly RecordedEvent[]): Folded {
  let { state, version } = from;
  for (const event of events) {
    state = logic.evolve(state, event);
    version = event.version;
  }
  return { state, version };
}
