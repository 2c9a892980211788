/** What a notification shows of a message: the beginning of its text in one line, or what was attached. */
import type { Attachment, PostableMessageType } from '../ticket/events.ts';

/** In code points, so that no character is cut in half. */
const MAX_LENGTH = 100;

export interface Previewed {
  readonly message: string;
  readonly messageType: PostableMessageType;
  readonly attachments: readonly Attachment[];
}

export function previewOf({ message, messageType, attachments }: Previewed): string {
  const text = oneLine(message);
  if (text !== '') return cut(text);
  const [first] = attachments;
  if (first === undefined) return '';
  const thing = messageType === 'IMAGE' ? 'image' : 'file';
  if (attachments.length > 1) return `sent ${attachments.length} ${thing}s`;
  return cut(`sent ${thing === 'image' ? 'an image' : 'a file'}: ${oneLine(first.name)}`);
}

function oneLine(text: string): string {
  return text.replace(/[\s\p{Cc}]+/gu, ' ').trim();
}

function cut(text: string): string {
  // A code point is at least one unit of the string: most messages need no counting.
  if (text.length <= MAX_LENGTH) return text;
  const points = Iterator.from(text);
  const start = points.take(MAX_LENGTH).toArray().join('');
  return start.length < text.length ? `${start.trimEnd()}…` : text;
}
