/** Messages as sockets receive them, with links for the user of the socket. */
import { messageWire } from '../contract/message.ts';
import type { MessageWire } from '../contract/stream-event.ts';
import type { UserFacts } from '../domain/user/identity.ts';

/** The link of an attachment for one user; without a user, the address that takes a token. */
export type AttachmentUrl = (attachmentId: string, viewer?: UserFacts) => string;

/** Shows messages to one user. Without attachments, all users receive the same. */
export type MessageWireFor = (viewer?: UserFacts) => MessageWire;

export function createMessageWire(attachmentUrl: AttachmentUrl): MessageWireFor {
  return (viewer) => (message) => messageWire(message, (attachmentId) => attachmentUrl(attachmentId, viewer));
}
