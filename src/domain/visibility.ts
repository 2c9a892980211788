/**
 * Which events only staff may see. Decides the subject that carries an event and the room that it is sent to, so that
 * an internal note never travels where somebody else listens. Source: docs/protocol.md sections 1 and 4.
 */
import type { DomainEvent } from './event.ts';

export type Visibility = 'public' | 'internal';

/** `public` here means: to whoever may see the stream. */
export function visibilityOf(event: DomainEvent): Visibility {
  return event.type === 'MessagePosted' && event.data.internal ? 'internal' : 'public';
}
