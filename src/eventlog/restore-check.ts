/**
 * The restore check: remembers the newest event that this process has recorded, and checks that the log still has it. A
 * restored backup may lack events that JetStream never had either. Then only the processes that recorded them, and
 * delivered them from memory, can detect that history was replaced.
 */
import type { Pool } from 'pg';
import { renewEpoch } from './epoch.ts';
import type { Appender, EventReader } from './event-log.ts';

export interface RestoreCheck {
  /** Returns `known`; or a new epoch, if the log lacks the newest event that this process recorded. */
  confirm(known: string): Promise<string>;
  /** Forgets the newest event. Call it after a change of the epoch: older events prove nothing. */
  forget(): void;
}

interface RestoreCheckDeps {
  readonly appender: Pick<Appender, 'onCommitted'>;
  readonly reader: Pick<EventReader, 'readLog'>;
  readonly pool: Pool;
}

/** It listens to the appender for the appender's whole life. */
export function createRestoreCheck({ appender, reader, pool }: RestoreCheckDeps): RestoreCheck {
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
