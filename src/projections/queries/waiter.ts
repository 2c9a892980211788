/**
 * Waiting for the read models: read-your-writes. Where this process runs every projection their positions are in memory;
 * otherwise the checkpoints are polled, by one poller for all who wait, and only while somebody waits.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ProjectionWaiter } from './queries.ts';

/** A projection that runs in this process. */
interface Runner {
  /** The last position that its read model contains; undefined unless the projection is active here. */
  readonly position: number | undefined;
  /** Handles at once what is there, without the pause between two batches. */
  hurry(): void;
}

export interface ProjectionWaiterOptions {
  /** The runners of this process; not all of them need be active. */
  readonly runners: () => readonly Runner[];
  /** How many projections there are. */
  readonly projections: number;
  /** The lowest checkpoint of all projections, from the database. */
  readonly lowestCheckpoint: () => Promise<number>;
}

export interface MovableProjectionWaiter extends ProjectionWaiter {
  /** A runner of this process moved. */
  moved(): void;
}

/** Milliseconds between two polls. */
const POLL_EVERY = 20;

export function createProjectionWaiter(options: ProjectionWaiterOptions): MovableProjectionWaiter {
  const { runners, projections, lowestCheckpoint } = options;
  const waiting = new Set<{ readonly position: number; settle: (reached: boolean) => void }>();
  let polled = 0;
  let polling = false;

  /** What every read model contains, or undefined when this process cannot tell. */
  const positionInMemory = () => {
    const running = runners();
    if (running.length < projections) return undefined;
    let lowest = Number.POSITIVE_INFINITY;
    for (const { position } of running) {
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
      // A database that fails leaves everyone waiting until their time is over; the runners report it.
      polled = await lowestCheckpoint().catch(() => polled);
      settleUpTo(polled);
      if (waiting.size > 0) await sleep(POLL_EVERY);
    }
    polling = false;
  };

  const look = () => {
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
        for (const runner of runners()) if ((runner.position ?? position) < position) runner.hurry();
        look();
      });
    },
    moved() {
      if (waiting.size > 0) look();
    },
  };
}
