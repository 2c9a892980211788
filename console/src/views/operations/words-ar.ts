/** The texts of the operations view, in Arabic. */
import { createPlural } from '../../language/plural.ts';
import type { OperationsWords } from './words-en.ts';

const plural = createPlural('ar');

export const operationsInArabic: OperationsWords = {
  title: 'التشغيل',
  stale: (why) => `البيانات غير محدّثة: ${why}`,
  figures: 'السجل والتأخر',
  position: 'موضع السجل',
  positionHint: (epoch) => `الحقبة ${epoch}`,
  rate: 'أحداث في الثانية',
  relayLag: 'تأخر الناقل',
  projectionLag: 'تأخر نماذج القراءة',
  unknown: 'غير معروف',
  events: (count) => plural(count, { one: 'حدث واحد', two: 'حدثان', few: '# أحداث', other: '# حدثًا' }),
  range: (least, most, time) => `بين ${least} و${most} خلال آخر ${time}`,

  projections: 'نماذج القراءة',
  standing: {
    absent: 'لم يُبنَ',
    stopped: 'لا يعمل',
    paused: 'متوقف مؤقتًا',
    parked: 'أحداث محجوزة',
    behind: 'يلحق بالسجل',
    level: 'محدّث',
  },
  at: (position) => `عند ${position}`,
  behind: (count) =>
    plural(count, { one: 'متأخر بحدث واحد', two: 'متأخر بحدثين', few: 'متأخر بـ # أحداث', other: 'متأخر بـ # حدثًا' }),
  version: (version) => `الإصدار ${version}`,
  rebuild: 'إعادة البناء',
  goOn: 'متابعة إعادة البناء',
  giveUp: 'التخلي عنها',
  giveUpTitle: (name) => `التخلي عن إعادة بناء ${name}؟`,
  giveUpText: 'يُرمى ما مُلئ حتى الآن، ويستمر ما يخدم الآن.',
  rollBack: 'التراجع',
  rollBackTitle: (name) => `استعادة ${name} السابق؟`,
  rollBackText: 'يُحدَّث ما كان يخدم قبل آخر إعادة بناء ثم يخدم من جديد.',
  pause: 'إيقاف مؤقت',
  resume: 'استئناف',
  of: (action, name) => `${action}: ${name}`,
  rebuilding: 'تجري إعادة البناء',
  interrupted: 'إعادة البناء متوقفة',
  progress: (percent, position, head) => `${percent}، ${position} من ${head} حدثًا`,
  perSecond: (rate) => `${rate} حدثًا في الثانية`,
  left: (time) => `بقي ${time}`,
  swapping: 'على وشك التسلّم',

  parked: 'الأحداث المحجوزة',
  noneParked: 'لا يوجد حدث محجوز',
  noneParkedHint: 'هنا تنتظر الأحداث التي يتعذر على نموذج قراءة معالجتها.',
  retry: 'إعادة المحاولة',
  retryAll: 'إعادة محاولة الكل',
  skip: 'تخطٍّ',
  skipTitle: (type, stream) => `تخطي ${type} من ${stream}؟`,
  skipText: (name) =>
    `لن يعرض ${name} ما يقوله هذا الحدث حتى يُعاد بناؤه. يبقى الحدث في السجل وتُعالَج الأحداث التي بعده.`,
  trying: 'تجري محاولته من جديد',
  attempts: (count) => plural(count, { one: 'محاولة واحدة', two: 'محاولتان', few: '# محاولات', other: '# محاولة' }),
  waiting: (count) =>
    plural(count, { one: 'ينتظر حدث واحد', two: 'ينتظر حدثان', few: 'تنتظر # أحداث', other: 'ينتظر # حدثًا' }),
  timeline: 'السجل الزمني',

  clients: 'العملاء المتصلون',
  connections: (count) => plural(count, { one: 'مقبس واحد', two: 'مقبسان', few: '# مقابس', other: '# مقبسًا' }),
  users: (count) => plural(count, { one: 'مستخدم واحد', two: 'مستخدمان', few: '# مستخدمين', other: '# مستخدمًا' }),
  nodes: (count) => plural(count, { one: 'عملية واحدة', two: 'عمليتان', few: '# عمليات', other: '# عملية' }),
  up: (time) => `يعمل منذ ${time}`,
  noClients: 'لا أحد متصل',
  since: (time) => `منذ ${time}`,
  inRooms: (count) => plural(count, { one: 'في غرفة واحدة', two: 'في غرفتين', few: 'في # غرف', other: 'في # غرفة' }),
  kick: 'قطع الاتصال',
  kickTitle: (name) => `قطع اتصال ${name}؟`,
  kickText: 'تُغلق كل مقابس الاتصال، ويمكن لصاحبه أن يتصل من جديد.',
  more: 'عرض المزيد',
  you: 'أنت',
};
