/**
 * People as they are named now, for what is rendered from the log: the log keeps the names that they had. Rendering
 * does not wait, so names are loaded before it; without a loaded name, the recorded one is shown.
 */
import type { RecordedEvent } from '../domain/event.ts';
import type { Directory } from './directory.ts';

export interface Names {
  /** The present name, or the recorded one if the present one is not in memory. */
  of(userId: string, recorded: string): string;
  /** The people whom these events show and whose names are not in memory. */
  missing(events: readonly RecordedEvent[]): string[];
  load(userIds: Iterable<string>): Promise<void>;
}

export function createNames(directory: Pick<Directory, 'user' | 'cachedUser'>): Names {
  return {
    of: (userId, recorded) => directory.cachedUser(userId)?.name ?? recorded,
    missing(events) {
      const shown = new Set(events.flatMap(peopleIn));
      return [...shown].filter((id) => directory.cachedUser(id) === undefined);
    },
    async load(userIds) {
      await Promise.all(Array.from(userIds, (id) => directory.user(id)));
    },
  };
}

/** The people whose present names an event shows: its author, and the requester of a new ticket. */
function peopleIn(event: RecordedEvent): string[] {
  const { id } = event.metadata.actor;
  return event.type === 'TicketOpened' ? [id, event.data.requesterId] : [id];
}
