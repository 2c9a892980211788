/**
 * Remembers the newest event that this process has recorded, and tells whether the log still has it. A restored backup may
 * take back events that JetStream has not seen yet: nothing but the processes that recorded them, and told their clients
 * from memory, knows then that history was replaced.
 */
import type { Pool } from 'pg';
import { renewEpoch } from './epoch.ts';
import type { Appender, EventReader } from './event-log.ts';

export interface RestoreCheck {
  /** The epoch in force: `known`, or a new one when the log lacks what this process has recorded in `known`. */
  confirm(known: string): Promise<string>;
  /** What was recorded in an earlier epoch says nothing. */
  forget(): void;
}

interface Parts {
  readonly appender: Pick<Appender, 'onCommitted'>;
  readonly reader: Pick<EventReader, 'readLog'>;
  readonly pool: Pool;
}

/** For the life of the appender. */
export function createRestoreCheck({ appender, reader, pool }: Parts): RestoreCheck {
  let newest: { readonly position: number; readonly id: string } | undefined;
  appender.onCommitted((events) => {
    newest = events.at(-1) ?? newest;
  });

  return {
    async confirm(known) {
      const mine = newest;
      if (mine === undefined) return known;
      const [recorded] = await reader.readLog(mine.position - 1, 1);
      return recorded?.id === mine.id ? known : renewEpoch(pool, known);
    },
    forget() {
      newest = undefined;
    },
  };
}
