/**
 * The events that only staff may see. The visibility chooses the subject on NATS and the Socket.IO room of an event, so
 * that an internal note is never sent to anybody else. Source: docs/protocol.md sections 1, 4 and 10.
 */
import type { DomainEvent } from './event.ts';

export type Visibility = 'public' | 'internal';

/**
 * A public event is for every user who may see the stream. A reading of nothing but notes is internal: it would show
 * that there are notes.
 */
export function visibilityOf(event: DomainEvent): Visibility {
  const internal =
    (event.type === 'MessagePosted' && event.data.internal) ||
    (event.type === 'TicketRead' && event.data.internal === true);
  return internal ? 'internal' : 'public';
}
