/** Attachments of messages and uploads, and the answers to a download. */
import Type, { type Static } from 'typebox';
import type { Attachment as AttachmentFacts } from '../domain/ticket/events.ts';
import { closed, count, described, text } from './schema.ts';

export const Attachment = closed(
  {
    id: text,
    name: text,
    size: described(count, 'Bytes'),
    mimeType: text,
    url: described(text, 'Works without a token, for you and for minutes'),
  },
  { title: 'Attachment', description: 'What a message names: the object itself, or its id' },
);
export type Attachment = Static<typeof Attachment>;

/** The link of an attachment for the user who receives it. */
export type AttachmentUrl = (attachmentId: string) => string;

export function attachmentWire({ id, name, size, mimeType }: AttachmentFacts, urlOf: AttachmentUrl): Attachment {
  return { id, name, size, mimeType, url: urlOf(id) };
}

const file = { '*/*': { schema: { type: 'string', contentMediaType: 'application/octet-stream' } } };

export const DOWNLOAD_ANSWERS = {
  200: { description: 'The file', content: file },
  206: { description: 'The range of it that was asked for', content: file },
  304: Type.Null({ description: 'You have it' }),
  416: Type.Null({ description: 'It has no such range' }),
};
