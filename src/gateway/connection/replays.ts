/**
 * Reads of the past that sockets ask for: joins, replays and older pages. So many at once in this process, so many more
 * that wait for a place, and the rest is refused, for clients to come back. Those of one connection happen one after the
 * other, each when it has taken the one before: what a client can have us keep for it is what it asked for once, not each
 * time, and nobody takes more than one place with one connection.
 */
import type { Socket } from 'socket.io';
import { DeskwireError } from '../../domain/errors.ts';
import type { Outbound } from './outbound.ts';

export interface Replays {
  /** Rejects with `unavailable` when too many wait. */
  run<T>(socket: Socket, task: () => Promise<T>): Promise<T>;
}

interface Parts {
  readonly outbound: Pick<Outbound, 'taken'>;
  readonly limits: { readonly atOnce: number; readonly waiting: number };
  onRefused(): void;
}

export function createReplays({ outbound, limits, onRefused }: Parts): Replays {
  const turns = new WeakMap<Socket['conn'], Promise<void>>();
  const queue: (() => void)[] = [];
  let running = 0;

  async function place(): Promise<void> {
    if (running < limits.atOnce) {
      running += 1;
    } else if (queue.length < limits.waiting) {
      await new Promise<void>((resolve) => queue.push(resolve));
    } else {
      onRefused();
      throw new DeskwireError('unavailable', 'Too many are catching up right now', { retryAfter: 1 });
    }
  }

  /** To whoever waits longest. */
  function leave(): void {
    const next = queue.shift();
    if (next !== undefined) next();
    else running -= 1;
  }

  return {
    async run(socket, task) {
      const before = turns.get(socket.conn);
      const turn = Promise.withResolvers<void>();
      turns.set(socket.conn, turn.promise);
      try {
        await before;
        await outbound.taken(socket);
        await place();
        try {
          return await task();
        } finally {
          leave();
        }
      } finally {
        turn.resolve();
      }
    },
  };
}
