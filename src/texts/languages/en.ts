/** The texts in English: those of docs/protocol.md, word for word. Every key is here; other languages may lack some. */
import type { NotificationKey, Words } from '../../domain/notification/wording.ts';

/** Messages in the syntax of ICU: `{name}`, `{count, plural, …}`, `{sent, select, …}`. */
export interface Language {
  readonly notifications: Readonly<Record<NotificationKey, Words>>;
}

export const en: Language = {
  notifications: {
    support_ticket_created: {
      title: 'New Support Ticket',
      message: 'User {username} created a new support ticket',
    },
    support_ticket_updated: {
      title: 'Support Ticket Updated',
      message: 'Your support ticket has been updated',
    },
    support_ticket_resolved: {
      title: 'Support Ticket Resolved',
      message: 'Your support ticket has been resolved',
    },
    support_ticket_deleted: {
      title: 'Support Ticket Deleted',
      message: 'Your support ticket #{number} has been deleted',
    },
    support_ticket_assigned: {
      title: 'Ticket Assigned',
      message: 'Ticket #{number} has been assigned to you',
    },
    support_message_new: {
      title: 'New Message',
      message: `{senderName}: {sent, select,
        image {{count, plural, one {sent an image: {fileName}} other {sent # images}}}
        file {{count, plural, one {sent a file: {fileName}} other {sent # files}}}
        other {{preview}}}`,
    },
  },
};
