/** The words of notifications: in every language that there is, and with the texts of an operator. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, test } from 'vitest';
import type { NotificationView } from '../../../src/domain/notification/inbox.ts';
import type { NotificationKey } from '../../../src/domain/notification/wording.ts';
import { readTextsFolder } from '../../../src/texts/folder.ts';
import { samples } from '../../../src/texts/samples.ts';
import { BUILT_IN, createTexts } from '../../../src/texts/texts.ts';

const texts = createTexts();
const keys = Object.keys(samples) as NotificationKey[];
const message = { senderName: 'Ada', sent: 'text', preview: 'Hello', count: 0, fileName: '' };

test('English has the words of the protocol', () => {
  const words = (key: NotificationKey, params: object) => Object.values(texts.notification(key, params as never));
  expect(words('support_ticket_created', { username: 'john' })).toEqual([
    'New Support Ticket',
    'User john created a new support ticket',
  ]);
  expect(words('support_ticket_updated', { number: 7 })).toEqual([
    'Support Ticket Updated',
    'Your support ticket has been updated',
  ]);
  expect(words('support_ticket_resolved', { number: 7 })).toEqual([
    'Support Ticket Resolved',
    'Your support ticket has been resolved',
  ]);
  expect(words('support_ticket_deleted', { number: 7 })).toEqual([
    'Support Ticket Deleted',
    'Your support ticket #7 has been deleted',
  ]);
  expect(words('support_ticket_assigned', { number: 12345 })).toEqual([
    'Ticket Assigned',
    'Ticket #12345 has been assigned to you',
  ]);
  expect(words('support_message_new', message)).toEqual(['New Message', 'Ada: Hello']);
});

test('a message without a text is told by its attachments', () => {
  const said = (sent: string, count: number) =>
    texts.notification('support_message_new', { ...message, preview: '', sent, count, fileName: 'a.png' }).message;
  expect(said('image', 1)).toBe('Ada: sent an image: a.png');
  expect(said('image', 3)).toBe('Ada: sent 3 images');
  expect(said('file', 1)).toBe('Ada: sent a file: a.png');
  expect(said('file', 1_000)).toBe('Ada: sent 1,000 files');
});

test.each(Object.keys(BUILT_IN))('%s has every text, for every form of its parameters', (tag) => {
  for (const key of keys) {
    for (const params of samples[key]) {
      const words = texts.notification(key, params, tag);
      for (const text of [words.title, words.message]) expect(text).toMatch(/^\P{Cc}+$/u);
      if (tag !== 'en') expect(words.title).not.toBe(texts.notification(key, params).title);
    }
  }
});

test('what people wrote is never read as a pattern', () => {
  const hostile = "{number} <b>{x, plural, other {#}}</b> '{' {{";
  for (const tag of texts.languages) {
    const params = { ...message, senderName: hostile, preview: hostile };
    const shown = texts.notification('support_message_new', params, tag).message;
    expect(shown.split(hostile)).toHaveLength(3);
  }
});

test('the nearest language is chosen: of the tag, of a part of it, English', () => {
  const title = (locale?: string) => texts.notification('support_message_new', message, locale).title;
  expect(title('vi')).toBe('Tin nhắn mới');
  expect(title('vi-Latn-VN')).toBe('Tin nhắn mới');
  expect(title('ar-EG')).toBe('رسالة جديدة');
  for (const other of [undefined, 'de', 'x-klingon', '', 'toString', '__proto__'])
    expect(title(other)).toBe('New Message');
});

test('a notification of a sender keeps its own words, also one from an earlier version of Deskwire', () => {
  const own = { key: null, title: 'Hello', message: '{not a pattern}' } as unknown as NotificationView;
  const earlier = { title: 'New Message', message: 'Ada: Hello' } as unknown as NotificationView;
  expect(texts.word(own, 'ar')).toEqual(own);
  expect(texts.word(earlier, 'ar')).toEqual(earlier);
});

describe('a folder of texts', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'deskwire-texts-'));
  });
  afterEach(() => rm(folder, { recursive: true }));
  const write = (name: string, content: unknown) =>
    writeFile(join(folder, name), typeof content === 'string' ? content : JSON.stringify(content));

  it('adds languages and replaces single texts', async () => {
    await write('de.json', { notifications: { support_message_new: { title: 'Neue Nachricht' } } });
    await write('en.json', { notifications: { support_message_new: { message: '{senderName} wrote: {preview}' } } });
    await write('notes.txt', 'not a language');
    const changed = createTexts(await readTextsFolder(folder));
    expect(changed.languages).toEqual(['ar', 'de', 'en', 'vi']);
    expect(changed.notification('support_message_new', message, 'de-AT')).toEqual({
      title: 'Neue Nachricht',
      message: 'Ada wrote: Hello',
    });
    expect(changed.notification('support_ticket_assigned', { number: 1 }, 'de').title).toBe('Ticket Assigned');
    expect(changed.notification('support_message_new', message, 'vi').title).toBe('Tin nhắn mới');
  });

  const one = (text: unknown) => ({ notifications: { support_ticket_assigned: { title: text } } });
  it.each([
    ['a file that is no JSON', 'de.json', '{', /de\.json cannot be read/],
    ['a list', 'de.json', [], /de\.json is not an object/],
    ['a name that is no language', 'german_de.json', {}, /german_de is not a language tag/],
    ['an unknown group', 'de.json', { mails: {} }, /there is no mails; there are notifications/],
    ['an unknown key', 'de.json', { notifications: { nope: {} } }, /notifications: there is no nope/],
    ['an unknown part', 'de.json', { notifications: { support_ticket_assigned: { body: '' } } }, /there is no body/],
    ['a number for a text', 'de.json', one(1), /support_ticket_assigned\.title is not a text/],
    ['an empty text', 'de.json', one(' '), /support_ticket_assigned\.title is not a text/],
    ['a broken pattern', 'de.json', one('{number'), /support_ticket_assigned\.title is not a message/],
    ['a parameter that there is not', 'de.json', one('{username}'), /support_ticket_assigned\.title is not a message/],
  ])('is refused with %s', async (_, name, content, reason) => {
    await write(name, content);
    await expect(readTextsFolder(folder)).rejects.toThrow(reason);
  });

  it('is refused when it is not there', async () => {
    await expect(readTextsFolder(join(folder, 'none'))).rejects.toThrow(/^TEXTS_DIR .* cannot be read/);
  });
});
