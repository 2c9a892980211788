/** Messages as clients receive them: senders under their present names, links to attachments for the client's user. */
import { messageWire } from '../contract/message.ts';
import type { MessageWire } from '../contract/stream-event.ts';
import type { Names } from '../directory/names.ts';
import type { UserFacts } from '../domain/user/identity.ts';

/** The link to an attachment, signed for `viewer`. Without a viewer, the address, which requires a token. */
export type AttachmentUrl = (attachmentId: string, viewer?: UserFacts) => string;

/** Renders messages for `viewer`. Messages without attachments are the same for all users. */
export type MessageWireFor = (viewer?: UserFacts) => MessageWire;

export function createMessageWire(attachmentUrl: AttachmentUrl, names: Pick<Names, 'of'>): MessageWireFor {
  return (viewer) => (message) => {
    const { id, name, role } = message.sender;
    const shown = { ...message, sender: { id, name: names.of(id, name), role } };
    return messageWire(shown, (attachmentId) => attachmentUrl(attachmentId, viewer));
  };
}
