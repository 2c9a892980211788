/** Messages of a ticket: the same object over HTTP and on every socket. Source: docs/protocol.md section 5. */
import Type, { type Static } from 'typebox';
import { POSTABLE_MESSAGE_TYPES } from '../domain/ticket/events.ts';
import type { Message as MessageFacts } from '../domain/ticket/message.ts';
import { Attachment, type AttachmentUrl, attachmentWire } from './attachment.ts';
import { closed, count, described, flag, listOf, oneOf, text, textOrNull, time } from './schema.ts';
import { actor } from './user.ts';

const properties = {
  id: text,
  ticketId: text,
  version: described(count, 'Of the ticket’s stream'),
  senderId: text,
  sender: described(actor, 'With their present name, and the role in which they sent it'),
  message: text,
  messageType: oneOf([...POSTABLE_MESSAGE_TYPES, 'SYSTEM'] as const),
  attachments: listOf(Attachment),
  internal: described(flag, 'For staff only'),
  clientMessageId: Type.Optional(text),
  createdAt: time,
  updatedAt: time,
};

export const Message = closed(properties, { title: 'Message', description: 'The message' });
export type Message = Static<typeof Message>;

/** For namespaces that have no internal notes. */
export const PublicMessage = closed({ ...properties, internal: Type.Literal(false) });

export const pagination = closed({
  limit: count,
  hasMore: flag,
  nextCursor: described(textOrNull, 'Send it as `before`, or as `after` when you did'),
  total: described(count, 'Messages in the ticket that you may see'),
});

export const MessagePage = closed(
  {
    messages: described(listOf(Message), 'Oldest first'),
    pagination,
    version: described(count, 'Of the ticket up to which this page is complete'),
  },
  { description: 'A page of the conversation' },
);

/** Copies field by field: a field that is not named here does not leave the server. */
export function messageWire(message: MessageFacts, urlOf: AttachmentUrl): Message {
  return {
    id: message.id,
    ticketId: message.ticketId,
    version: message.version,
    senderId: message.senderId,
    sender: { id: message.sender.id, name: message.sender.name, role: message.sender.role },
    message: message.message,
    messageType: message.messageType,
    attachments: message.attachments.map((attachment) => attachmentWire(attachment, urlOf)),
    internal: message.internal,
    ...(message.clientMessageId !== undefined && { clientMessageId: message.clientMessageId }),
    createdAt: message.createdAt,
    updatedAt: message.updatedAt,
  };
}
