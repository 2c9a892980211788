/**
 * Waits for the read models to reach a position, for read-your-writes. When this process runs every projection, their
 * positions are in memory. Otherwise one poller reads the checkpoints for all waiting callers, and only while there are
 * any.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ProjectionWaiter } from './queries.ts';

/** A projection that runs in this process. */
interface Runner {
  /** The last position that its read model contains; undefined unless the projection is active here. */
  readonly position: number | undefined;
  /** Ends the pause between two batches. */
  wake(): void;
}

export interface ProjectionWaiterOptions {
  /** The runners of this process. The array may still grow, and not all runners need be active. */
  readonly runners: readonly Runner[];
  /** The number of projections. */
  readonly projections: number;
  /** The lowest checkpoint of all projections, from the database. */
  readonly lowestCheckpoint: () => Promise<number>;
}

export interface MovableProjectionWaiter extends ProjectionWaiter {
  /** To be called when a runner of this process moved. */
  moved(): void;
}

/** Milliseconds between two polls. */
const POLL_EVERY = 20;

export function createProjectionWaiter(options: ProjectionWaiterOptions): MovableProjectionWaiter {
  const { runners, projections, lowestCheckpoint } = options;
  const waiting = new Set<{ readonly position: number; settle: (reached: boolean) => void }>();
  let polled = 0;
  let polling = false;

  /** The position that every read model contains; undefined when this process does not run all projections. */
  const positionInMemory = () => {
    if (runners.length < projections) return undefined;
    let lowest = Number.POSITIVE_INFINITY;
    for (const { position } of runners) {
      if (position === undefined) return undefined;
      if (position < lowest) lowest = position;
    }
    return lowest;
  };

  const settleUpTo = (position: number) => {
    for (const waiter of waiting) if (waiter.position <= position) waiter.settle(true);
  };

  const poll = async () => {
    if (polling) return;
    polling = true;
    while (waiting.size > 0 && positionInMemory() === undefined) {
      // When the database fails, callers wait until their time is over; the runners report the failure.
      polled = await lowestCheckpoint().catch(() => polled);
      settleUpTo(polled);
      if (waiting.size > 0) await sleep(POLL_EVERY);
    }
    polling = false;
  };

  const settleOrPoll = () => {
    const position = positionInMemory();
    if (position === undefined) void poll();
    else settleUpTo(position);
  };

  return {
    waitFor(position, timeoutMs) {
      if (position <= (positionInMemory() ?? polled)) return Promise.resolve(true);
      return new Promise((resolve) => {
        const settle = (reached: boolean) => {
          clearTimeout(timer);
          waiting.delete(waiter);
          resolve(reached);
        };
        const waiter = { position, settle };
        const timer = setTimeout(settle, timeoutMs, false);
        waiting.add(waiter);
        for (const runner of runners) if ((runner.position ?? position) < position) runner.wake();
        settleOrPoll();
      });
    },
    moved() {
      if (waiting.size > 0) settleOrPoll();
    },
  };
}
