/**
 * The texts in Arabic. Names, numbers and quoted text stand in isolates (U+2068 … U+2069), so that one in another
 * direction does not reorder the sentence.
 */
import type { Language } from './en.ts';

export const ar: Language = {
  notifications: {
    support_ticket_created: {
      title: 'تذكرة دعم جديدة',
      message: 'أنشأ المستخدم \u2068{username}\u2069 تذكرة دعم جديدة',
    },
    support_ticket_updated: {
      title: 'تم تحديث تذكرة الدعم',
      message: 'تم تحديث تذكرة الدعم \u2068#{number}\u2069 الخاصة بك',
    },
    support_ticket_resolved: {
      title: 'تم حل تذكرة الدعم',
      message: 'تم حل تذكرة الدعم \u2068#{number}\u2069 الخاصة بك',
    },
    support_ticket_deleted: {
      title: 'تم حذف تذكرة الدعم',
      message: 'تم حذف تذكرة الدعم \u2068#{number}\u2069 الخاصة بك',
    },
    support_ticket_assigned: {
      title: 'أُسندت تذكرة إليك',
      message: 'أُسندت التذكرة \u2068#{number}\u2069 إليك',
    },
    support_message_new: {
      title: 'رسالة جديدة',
      message: `\u2068{senderName}\u2069: {sent, select,
        image {{count, plural,
          one {أرسل صورة: \u2068{fileName}\u2069} two {أرسل صورتين} few {أرسل # صور} other {أرسل # صورة}}}
        file {{count, plural,
          one {أرسل ملفًا: \u2068{fileName}\u2069} two {أرسل ملفين} few {أرسل # ملفات} other {أرسل # ملفًا}}}
        other {\u2068{preview}\u2069}}`,
    },
  },
};
