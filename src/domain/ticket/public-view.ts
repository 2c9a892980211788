/**
 * Versions as a viewer sees them. Staff see the versions of the stream. Other users see public versions: the events
 * that they may see, numbered from 1 without gaps, so that no gap shows an internal note.
 *
 * A public version is the stream version minus the number of internal events up to it. It is not recorded: the state of
 * a ticket lists the versions of its internal events, and old events need no change.
 */
import type { RecordedEvent } from '../event.ts';
import { isStaff, type UserFacts } from '../user/identity.ts';
import type { TicketEvent } from './events.ts';

/** The numbering of versions: for staff who may see the ticket, or for the other users who may. */
export type View = 'staff' | 'public';

export function viewOf({ role }: Pick<UserFacts, 'role'>): View {
  return isStaff(role) ? 'staff' : 'public';
}

/** `internal`: the stream versions of the internal events, in order, at least those up to `version`. */
export function shownVersion(version: number, internal: readonly number[], view: View): number {
  if (view === 'staff') return version;
  return version - firstIndex(internal.length, (index) => (internal[index] ?? 0) > version);
}

/**
 * Returns the stream version of the event with this shown version. For a version beyond the head of the stream, it
 * returns a version beyond the head too.
 */
export function streamVersion(shown: number, internal: readonly number[], view: View): number {
  if (view === 'staff') return shown;
  return shown + firstIndex(internal.length, (index) => (internal[index] ?? 0) - index > shown);
}

/** Returns a public event with the versions of a viewer. */
export function shownEvent(
  event: RecordedEvent<TicketEvent>,
  internal: readonly number[],
  view: View,
): RecordedEvent<TicketEvent> {
  if (view === 'staff' || internal.length === 0) return event;
  const version = shownVersion(event.version, internal, view);
  if (event.type !== 'TicketRead') return { ...event, version };
  return { ...event, version, data: { ...event.data, upTo: shownVersion(event.data.upTo, internal, view) } };
}

/** The first index below `length` for which `found` is true, else `length`. `found` is false, then true. */
function firstIndex(length: number, found: (index: number) => boolean): number {
  let low = 0;
  let high = length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (found(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}
