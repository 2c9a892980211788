/**
 * The messages of a ticket: posted messages, and the SYSTEM messages that are rendered from other events. Live
 * delivery, replay and the read model all use `messageOf`, so that they cannot differ. Source: docs/protocol.md
 * section 5.
 *
 * The opening of a ticket is no message: the description is a field of the ticket, and the chat begins with its first
 * message.
 */
import type { RecordedEvent } from '../event.ts';
import { parseStream } from '../event.ts';
import type { Role } from '../user/identity.ts';
import type { Attachment, PostableMessageType, TicketEvent } from './events.ts';
import { systemTextOf } from './system-text.ts';

export interface Message {
  /** The id of a posted message; for a SYSTEM message the id of its event. */
  readonly id: string;
  readonly ticketId: string;
  readonly version: number;
  readonly senderId: string;
  /** As they were when they sent it. Clients are shown their present name. */
  readonly sender: { readonly id: string; readonly name: string; readonly role: Role };
  readonly message: string;
  readonly messageType: PostableMessageType | 'SYSTEM';
  readonly attachments: readonly Attachment[];
  readonly internal: boolean;
  readonly clientMessageId?: string;
  /** RFC 3339 UTC. */
  readonly createdAt: string;
  readonly updatedAt: string;
}

/** Undefined for an event that is no message. */
export function messageOf(event: RecordedEvent<TicketEvent>): Message | undefined {
  if (event.type === 'MessagePosted') {
    const { messageId, message, messageType, attachments, internal, clientMessageId } = event.data;
    return {
      ...envelopeOf(event),
      id: messageId,
      message,
      messageType,
      attachments: attachments.map(({ id, name, size, mimeType }) => ({ id, name, size, mimeType })),
      internal,
      ...(clientMessageId !== undefined && { clientMessageId }),
    };
  }
  const text = systemTextOf(event);
  if (text === undefined) return undefined;
  return {
    ...envelopeOf(event),
    id: event.id,
    message: text,
    messageType: 'SYSTEM',
    attachments: [],
    internal: false,
  };
}

function envelopeOf({ stream, version, time, metadata }: RecordedEvent<TicketEvent>) {
  const { id, name, role } = metadata.actor;
  return {
    ticketId: parseStream(stream).id,
    version,
    senderId: id,
    sender: { id, name, role },
    createdAt: time,
    updatedAt: time,
  };
}
