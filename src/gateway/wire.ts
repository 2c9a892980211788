/** Payloads that several dialects share, each built field by field: what is not named here does not leave the server. */
import type { Attachment } from '../domain/ticket/events.ts';
import type { Message } from '../domain/ticket/message.ts';
import type { UserFacts } from '../domain/user/identity.ts';
import type { NotificationView } from '../projections/queries.ts';
import type { MessageWire } from './dialects/dialect.ts';

/** Where a client may fetch an attachment. Without a viewer, for everyone in the ticket. */
export type AttachmentUrl = (attachment: Attachment, ticketId: string, viewer?: UserFacts) => string;

export function createMessageWire(attachmentUrl: AttachmentUrl): MessageWire {
  return (message: Message) => ({
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
      url: attachmentUrl(attachment, message.ticketId),
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
