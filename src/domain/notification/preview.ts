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

export interface PreviewParams {
  /** `text` when the message has a text, else the kind of what it attaches. */
  readonly sent: 'text' | 'image' | 'file';
  /** The beginning of the text; empty without one. */
  readonly preview: string;
  /** The number of attachments. */
  readonly count: number;
  /** The name of the first attachment; empty without one, and beside a text. */
  readonly fileName: string;
}

export function previewOf({ message, messageType, attachments }: Previewed): PreviewParams {
  const preview = cut(oneLine(message));
  const count = attachments.length;
  const [first] = attachments;
  if (preview !== '' || first === undefined) return { sent: 'text', preview, count, fileName: '' };
  return { sent: messageType === 'IMAGE' ? 'image' : 'file', preview, count, fileName: cut(oneLine(first.name)) };
}

function oneLine(text: string): string {
  return text.replace(/[\s\p{Cc}]+/gu, ' ').trim();
}

function cut(text: string): string {
  const start = beginningOf(text, MAX_LENGTH);
  return start.length < text.length ? `${start.trimEnd()}…` : text;
}
