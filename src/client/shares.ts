/**
 * Several handles that listen to the same emitter. Closing a handle ends its own listeners; closing the last one calls
 * `onUnused`.
 */
import type { Listenable } from './emitter.ts';
import { closedError } from './errors.ts';

export interface Share<Events> extends Listenable<Events> {
  close(): void;
}

export interface Shares<Events> {
  readonly count: number;
  take(): Share<Events>;
}

export function createShares<Events>(events: Listenable<Events>, onUnused: () => void): Shares<Events> {
  let count = 0;
  return {
    get count() {
      return count;
    },
    take() {
      count += 1;
      let open = true;
      const listening = new Set<() => void>();
      return {
        on(name, listener) {
          if (!open) throw closedError();
          const off = events.on(name, listener);
          listening.add(off);
          return () => {
            listening.delete(off);
            off();
          };
        },
        close() {
          if (!open) return;
          open = false;
          for (const off of listening) off();
          count -= 1;
          if (count === 0) onUnused();
        },
      };
    },
  };
}
