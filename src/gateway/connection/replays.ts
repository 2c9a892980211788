/**
 * Limits the reads of the past that clients ask for: joins, replays and older pages. A number of reads run at once, and
 * a number of reads wait. Further reads are refused, and the clients try again. The reads of one connection run one
 * after the other, and each starts when the connection is no longer behind. So the results of a connection's reads do
 * not pile up in memory, and a connection never has more than one running read.
 */
import type { Socket } from 'socket.io';
import { DeskwireError } from '../../domain/errors.ts';
import { createLanes } from '../../support/lanes.ts';
import type { Outbound } from './outbound.ts';

export interface Replays {
  /** Runs a read for this socket's connection. Rejects with `unavailable` when too many reads wait. */
  run<T>(socket: Socket, task: () => Promise<T>): Promise<T>;
}

interface ReplaysDeps {
  readonly outbound: Pick<Outbound, 'caughtUp'>;
  readonly limits: { readonly atOnce: number; readonly waiting: number };
  onRefused(): void;
}

export function createReplays({ outbound, limits, onRefused }: ReplaysDeps): Replays {
  const connections = createLanes<Socket['conn']>();
  const queue: (() => void)[] = [];
  let running = 0;

  async function takePlace(): Promise<void> {
    if (running < limits.atOnce) {
      running += 1;
    } else if (queue.length < limits.waiting) {
      await new Promise<void>((resolve) => queue.push(resolve));
    } else {
      onRefused();
      throw new DeskwireError('unavailable', 'Too many are catching up right now', { retryAfter: 1 });
    }
  }

  /** The place goes to the read that has waited longest. */
  function leavePlace(): void {
    const next = queue.shift();
    if (next !== undefined) next();
    else running -= 1;
  }

  return {
    run: (socket, task) =>
      connections.run(socket.conn, async () => {
        await outbound.caughtUp(socket);
        await takePlace();
        try {
          return await task();
        } finally {
          leavePlace();
        }
      }),
  };
}
