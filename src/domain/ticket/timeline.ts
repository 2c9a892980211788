/**
 * The audit timeline of a ticket, for staff: every event of its stream, with author, time, address and changes. Entries
 * are built field by field, so that a field that an event gets later is not shown without a decision.
 * Source: docs/protocol.md section 8.
 */
import type { RecordedEvent } from '../event.ts';
import type { Actor } from '../user/identity.ts';
import type { TicketEvent } from './events.ts';
import { changesIn, fieldsAfterOpening } from './fields.ts';
import { systemTextOf } from './system-text.ts';

export interface TimelineEntry {
  readonly version: number;
  readonly position: number;
  readonly id: string;
  readonly type: TicketEvent['type'];
  /** RFC 3339 UTC. */
  readonly time: string;
  readonly actor: Actor;
  /** The client's network address; null when there was no client. */
  readonly address: string | null;
  /** The id of the request, as in the server's log. */
  readonly requestId: string;
  /** The event in plain English. */
  readonly summary: string;
  readonly data: Readonly<Record<string, unknown>>;
}

export function timelineEntryOf(event: RecordedEvent<TicketEvent>): TimelineEntry {
  const { version, position, id, type, time, metadata } = event;
  const { actor, address = null, correlationId } = metadata;
  return {
    version,
    position,
    id,
    type,
    time,
    actor: { id: actor.id, name: actor.name, role: actor.role },
    address,
    requestId: correlationId,
    summary: summaryOf(event),
    data: dataOf(event),
  };
}

function summaryOf(event: RecordedEvent<TicketEvent>): string {
  const by = event.metadata.actor.name;
  switch (event.type) {
    case 'TicketOpened': {
      const { requesterId, requesterName } = event.data;
      return requesterId === event.metadata.actor.id ? `Opened by ${by}` : `Opened by ${by} for ${requesterName}`;
    }
    case 'MessagePosted':
      return event.data.internal ? `Internal note posted by ${by}` : `Message posted by ${by}`;
    case 'TicketRead':
      return `Read by ${by}`;
    case 'TicketDeleted':
      return `Deleted by ${by}`;
    default:
      return systemTextOf(event) ?? event.type;
  }
}

function dataOf(event: TicketEvent): TimelineEntry['data'] {
  switch (event.type) {
    case 'TicketOpened':
      return fieldsAfterOpening(event.data);
    case 'TicketChanged':
      return { changes: Object.fromEntries(changesIn(event.data.changes)) };
    case 'ParticipantAdded':
      return { userId: event.data.userId, name: event.data.name, role: event.data.role };
    case 'ParticipantRemoved':
      return { userId: event.data.userId, name: event.data.name };
    case 'MessagePosted': {
      const { messageId, message, messageType, attachments, internal } = event.data;
      const files = attachments.map(({ id, name, size, mimeType }) => ({ id, name, size, mimeType }));
      return { messageId, message, messageType, attachments: files, internal };
    }
    case 'TicketRead':
      return { userId: event.data.userId, upTo: event.data.upTo };
    case 'TicketDeleted':
      return {};
    default:
      // From a newer Deskwire, while both run during a deployment.
      event satisfies never;
      return {};
  }
}
