/** The preview of a message in a notification: the beginning of its text in one line, or its attachments. */
import { beginningOf } from '../text.ts';
import type { Attachment, PostableMessageType } from '../ticket/events.ts';

/** In code points. */
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
  const start = beginningOf(text, MAX_LENGTH);
  return start.length < text.length ? `${start.trimEnd()}…` : text;
}
