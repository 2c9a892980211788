/**
 * Payloads that several dialects share, each built field by field: what is not named here does not leave the server.
 */
import type { Message } from '../domain/ticket/message.ts';
import type { UserFacts } from '../domain/user/identity.ts';
import type { NotificationView } from '../projections/queries/queries.ts';
import type { MessageWire } from './dialects/dialect.ts';

/** Where a user may fetch an attachment; without one, where whoever has a token may. */
export type AttachmentUrl = (attachmentId: string, viewer?: UserFacts) => string;

/**
 * How messages are rendered for one user: links to attachments are signed for whoever they are sent to. Without
 * attachments all users get the same.
 */
export type MessageWireFor = (viewer?: UserFacts) => MessageWire;

export function createMessageWire(attachmentUrl: AttachmentUrl): MessageWireFor {
  return (viewer) => (message: Message) => ({
    id: message.id,
    ticketId: message.ticketId,
    version: message.version,
    senderId: message.senderId,
    sender: { id: message.sender.id, name: message.sender.name, role: message.sender.role },
    message: message.message,
    messageType: message.messageType,
    attachments: message.attachments.map((attachment) => ({
      id: attachment.id,
      name: attachment.name,
      size: attachment.size,
      mimeType: attachment.mimeType,
      url: attachmentUrl(attachment.id, viewer),
    })),
    internal: message.internal,
    ...(message.clientMessageId !== undefined && { clientMessageId: message.clientMessageId }),
    createdAt: message.createdAt,
    updatedAt: message.updatedAt,
  });
}

export function notificationWire(notification: NotificationView): object {
  const { id, seq, type, title, message, data, priority, timestamp } = notification;
  return { id, seq, type, title, message, data, priority, timestamp };
}
