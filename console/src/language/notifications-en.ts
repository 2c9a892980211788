/** What notifications say, in English. */
import { isolated } from './isolated.ts';
import type { NotificationWords } from './notification-words.ts';
import type { Plural } from './plural.ts';

export const notificationsEn = (plural: Plural): NotificationWords => ({
  support_ticket_created: ({ text }) => ({
    title: 'New support ticket',
    message: `${isolated(text('username'))} created a new support ticket`,
  }),
  support_ticket_updated: ({ number }) => ({
    title: 'Support ticket updated',
    message: `Your support ticket #${number('number')} has been updated`,
  }),
  support_ticket_resolved: ({ number }) => ({
    title: 'Support ticket resolved',
    message: `Your support ticket #${number('number')} has been resolved`,
  }),
  support_ticket_deleted: ({ number }) => ({
    title: 'Support ticket deleted',
    message: `Your support ticket #${number('number')} has been deleted`,
  }),
  support_ticket_assigned: ({ number }) => ({
    title: 'Ticket assigned',
    message: `Ticket #${number('number')} has been assigned to you`,
  }),
  support_message_new: ({ text, number }) => {
    const [count, name] = [number('count'), isolated(text('fileName'))];
    const said: Readonly<Record<string, string>> = {
      image: plural(count, { one: `sent an image: ${name}`, other: 'sent # images' }),
      file: plural(count, { one: `sent a file: ${name}`, other: 'sent # files' }),
    };
    return {
      title: 'New message',
      message: `${isolated(text('senderName'))}: ${said[text('sent')] ?? isolated(text('preview'))}`,
    };
  },
});
