/** The widget's texts, by language. A page overrides them with the element's property `texts`. */

import type { Status } from '../src/client/index.ts';

export interface Texts {
  readonly title: string;
  readonly openChat: string;
  readonly close: string;
  readonly back: string;
  readonly notifications: string;
  readonly noNotifications: string;
  readonly markAllRead: string;
  readonly newTicket: string;
  readonly describe: string;
  readonly start: string;
  readonly noTickets: string;
  readonly write: string;
  readonly send: string;
  readonly attach: string;
  readonly remove: string;
  readonly older: string;
  readonly pending: string;
  readonly failed: string;
  readonly retry: string;
  readonly discard: string;
  readonly typing: string;
  readonly you: string;
  readonly unread: string;
  readonly gone: string;
  readonly wrong: string;
  /** Followed by the number of characters that are too many. */
  readonly tooLong: string;
  readonly tooMany: string;
  readonly too_large: string;
  readonly interrupted: string;
  readonly closed: string;
  readonly offline: string;
  readonly connecting: string;
  readonly replaying: string;
  readonly live: string;
  readonly status: Readonly<Record<Status, string>>;
}

const en: Texts = {
  title: 'Support',
  openChat: 'Open support chat',
  close: 'Close',
  back: 'All conversations',
  notifications: 'Notifications',
  noNotifications: 'Nothing new',
  markAllRead: 'Mark all as read',
  newTicket: 'New conversation',
  describe: 'How can we help?',
  start: 'Start',
  noTickets: 'No conversations yet',
  write: 'Write a message',
  send: 'Send',
  attach: 'Attach a file',
  remove: 'Remove',
  older: 'Show earlier messages',
  pending: 'Waiting to be sent',
  failed: 'Not sent',
  retry: 'Try again',
  discard: 'Discard',
  typing: 'is typing…',
  you: 'You',
  unread: 'unread',
  gone: 'This conversation is not available',
  wrong: 'That did not work',
  tooLong: 'The text is too long',
  tooMany: 'Too many files',
  too_large: 'The file is too large',
  interrupted: 'Not uploaded. Attach it again.',
  closed: 'This conversation is closed',
  offline: 'Offline: messages are sent later',
  connecting: 'Connecting…',
  replaying: 'Catching up…',
  live: 'Connected',
  status: {
    open: 'open',
    in_progress: 'in progress',
    pending: 'waiting for you',
    resolved: 'resolved',
    closed: 'closed',
  },
};

const de: Texts = {
  title: 'Hilfe',
  openChat: 'Hilfe-Chat öffnen',
  close: 'Schließen',
  back: 'Alle Gespräche',
  notifications: 'Mitteilungen',
  noNotifications: 'Nichts Neues',
  markAllRead: 'Alle als gelesen markieren',
  newTicket: 'Neues Gespräch',
  describe: 'Wie können wir helfen?',
  start: 'Beginnen',
  noTickets: 'Noch keine Gespräche',
  write: 'Nachricht schreiben',
  send: 'Senden',
  attach: 'Datei anhängen',
  remove: 'Entfernen',
  older: 'Frühere Nachrichten zeigen',
  pending: 'Wartet auf das Senden',
  failed: 'Nicht gesendet',
  retry: 'Noch einmal',
  discard: 'Verwerfen',
  typing: 'schreibt…',
  you: 'Sie',
  unread: 'ungelesen',
  gone: 'Dieses Gespräch ist nicht verfügbar',
  wrong: 'Das hat nicht geklappt',
  tooLong: 'Der Text ist zu lang',
  tooMany: 'Zu viele Dateien',
  too_large: 'Die Datei ist zu groß',
  interrupted: 'Nicht hochgeladen. Bitte noch einmal anhängen.',
  closed: 'Dieses Gespräch ist geschlossen',
  offline: 'Keine Verbindung: Nachrichten werden später gesendet',
  connecting: 'Verbinden…',
  replaying: 'Holt auf…',
  live: 'Verbunden',
  status: {
    open: 'offen',
    in_progress: 'in Arbeit',
    pending: 'wartet auf Sie',
    resolved: 'gelöst',
    closed: 'geschlossen',
  },
};

const ar: Texts = {
  title: 'الدعم',
  openChat: 'افتح محادثة الدعم',
  close: 'إغلاق',
  back: 'كل المحادثات',
  notifications: 'الإشعارات',
  noNotifications: 'لا جديد',
  markAllRead: 'تعليم الكل كمقروء',
  newTicket: 'محادثة جديدة',
  describe: 'كيف يمكننا مساعدتك؟',
  start: 'ابدأ',
  noTickets: 'لا توجد محادثات بعد',
  write: 'اكتب رسالة',
  send: 'إرسال',
  attach: 'إرفاق ملف',
  remove: 'إزالة',
  older: 'عرض الرسائل السابقة',
  pending: 'بانتظار الإرسال',
  failed: 'لم تُرسل',
  retry: 'حاول مرة أخرى',
  discard: 'تجاهل',
  typing: 'يكتب…',
  you: 'أنت',
  unread: 'غير مقروءة',
  gone: 'هذه المحادثة غير متاحة',
  wrong: 'لم ينجح ذلك',
  tooLong: 'النص أطول من الحد',
  tooMany: 'ملفات أكثر من اللازم',
  too_large: 'الملف أكبر من الحد',
  interrupted: 'لم يُرفع الملف. أرفقه مرة أخرى.',
  closed: 'هذه المحادثة مغلقة',
  offline: 'غير متصل: تُرسل الرسائل لاحقًا',
  connecting: 'جارٍ الاتصال…',
  replaying: 'جارٍ اللحاق…',
  live: 'متصل',
  status: { open: 'مفتوحة', in_progress: 'قيد المعالجة', pending: 'بانتظار ردك', resolved: 'تم حلها', closed: 'مغلقة' },
};

const LANGUAGES: Readonly<Record<string, Texts>> = { en, de, ar };
const RIGHT_TO_LEFT: ReadonlySet<string> = new Set(['ar', 'fa', 'he', 'ur']);

/** English for an unknown language. */
export function textsIn(language: string): Texts {
  return LANGUAGES[baseOf(language)] ?? en;
}

export function directionOf(language: string): 'ltr' | 'rtl' {
  return RIGHT_TO_LEFT.has(baseOf(language)) ? 'rtl' : 'ltr';
}

function baseOf(language: string): string {
  return language.toLowerCase().split('-')[0] ?? '';
}
