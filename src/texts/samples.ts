/** Parameters with which each text is checked and previewed: one set for each form that it can take. */
import type { NotificationKey, NotificationParams, TextParams } from '../domain/notification/wording.ts';

type Samples = { readonly [K in NotificationKey]: readonly NotificationParams[K][] };

const all: Samples = {
  support_ticket_created: [{ username: 'Ada Lovelace' }],
  support_ticket_updated: [{ number: 42 }],
  support_ticket_resolved: [{ number: 42 }],
  support_ticket_deleted: [{ number: 42 }],
  support_ticket_assigned: [{ number: 42 }],
  support_message_new: [
    { senderName: 'Ada Lovelace', sent: 'text', preview: 'The pump works again.', count: 0, fileName: '' },
    { senderName: 'Ada Lovelace', sent: 'image', preview: '', count: 1, fileName: 'pump.jpg' },
    { senderName: 'Ada Lovelace', sent: 'image', preview: '', count: 3, fileName: 'pump.jpg' },
    { senderName: 'Ada Lovelace', sent: 'file', preview: '', count: 1, fileName: 'invoice.pdf' },
    { senderName: 'Ada Lovelace', sent: 'file', preview: '', count: 2, fileName: 'invoice.pdf' },
  ],
};

export const samples: Readonly<Record<NotificationKey, readonly TextParams[]>> = all as unknown as Readonly<
  Record<NotificationKey, readonly TextParams[]>
>;
