/**
 * Which events only staff may see. Decides the subject that carries an event and the room that it is sent to, so that
 * an internal note never travels where somebody else listens. Source: docs/protocol.md sections 1, 4 and 10.
 */
import type { DomainEvent } from './event.ts';

export type Visibility = 'public' | 'internal';

/** `public` here means: to whoever may see the stream. A reading of notes alone would tell that there are notes. */
export function visibilityOf(event: DomainEvent): Visibility {
  const internal =
    (event.type === 'MessagePosted' && event.data.internal) ||
    (event.type === 'TicketRead' && event.data.internal === true);
  return internal ? 'internal' : 'public';
}
