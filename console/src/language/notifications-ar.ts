/** What notifications say, in Arabic. */
import { isolated } from './isolated.ts';
import type { NotificationWords } from './notification-words.ts';
import type { Plural } from './plural.ts';

export const notificationsAr = (plural: Plural): NotificationWords => ({
  support_ticket_created: ({ text }) => ({
    title: 'تذكرة دعم جديدة',
    message: `أنشأ ${isolated(text('username'))} تذكرة دعم جديدة`,
  }),
  support_ticket_updated: ({ number }) => ({
    title: 'تم تحديث تذكرة الدعم',
    message: `تم تحديث تذكرة الدعم ${isolated(`#${number('number')}`)} الخاصة بك`,
  }),
  support_ticket_resolved: ({ number }) => ({
    title: 'تم حل تذكرة الدعم',
    message: `تم حل تذكرة الدعم ${isolated(`#${number('number')}`)} الخاصة بك`,
  }),
  support_ticket_deleted: ({ number }) => ({
    title: 'تم حذف تذكرة الدعم',
    message: `تم حذف تذكرة الدعم ${isolated(`#${number('number')}`)} الخاصة بك`,
  }),
  support_ticket_assigned: ({ number }) => ({
    title: 'أُسندت تذكرة إليك',
    message: `أُسندت التذكرة ${isolated(`#${number('number')}`)} إليك`,
  }),
  support_message_new: ({ text, number }) => {
    const [count, name] = [number('count'), isolated(text('fileName'))];
    const said: Readonly<Record<string, string>> = {
      image: plural(count, { one: `أرسل صورة: ${name}`, two: 'أرسل صورتين', few: 'أرسل # صور', other: 'أرسل # صورة' }),
      file: plural(count, { one: `أرسل ملفًا: ${name}`, two: 'أرسل ملفين', few: 'أرسل # ملفات', other: 'أرسل # ملفًا' }),
    };
    return {
      title: 'رسالة جديدة',
      message: `${isolated(text('senderName'))}: ${said[text('sent')] ?? isolated(text('preview'))}`,
    };
  },
});
