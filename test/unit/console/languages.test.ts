/** Tests the console's languages, and the times and numbers in them. */
import { expect, it } from 'vitest';
import { createFormats } from '../../../console/src/language/formats.ts';
import { isolated, notificationText, withIsolated } from '../../../console/src/language/isolated.ts';
import { LANGUAGES, languageFor } from '../../../console/src/language/languages.ts';
import { localeFor } from '../../../console/src/language/locale.ts';
import { wordsOf } from '../../../console/src/language/notification-words.ts';
import { createPlural } from '../../../console/src/language/plural.ts';
import type { Notification } from '../../../src/client/index.ts';

function textsOf(locale: string) {
  return languageFor([locale]).texts(createPlural(locale));
}

/** Every text with its path; for a function, its name and the number of its parameters. */
function textsIn(value: unknown, path = ''): [string, string][] {
  if (typeof value === 'string') return [[path, value]];
  if (typeof value === 'function') return [[path, `a function of ${value.length}`]];
  return Object.entries(Object(value)).flatMap(([name, one]) => textsIn(one, `${path}.${name}`));
}

it('has the same texts in each language, and no empty one', () => {
  const [first, ...others] = LANGUAGES.map(({ tag, texts }) => textsIn(texts(createPlural(tag))));
  for (const other of others) expect(other.map(([path]) => path)).toEqual(first?.map(([path]) => path));
  for (const texts of [first ?? [], ...others]) for (const [path, text] of texts) expect(text, path).not.toBe('');
});

it('has no English in Arabic except names', () => {
  const arabic = textsIn(textsOf('ar')).filter(([, text]) => !text.startsWith('a function'));
  expect(arabic.filter(([, text]) => !/[؀-ۿ]/.test(text))).toEqual([['.product', 'Deskwire']]);
});

it('uses the plural forms of the language', () => {
  const { tickets } = textsOf('ar');
  const shown = [1, 2, 3, 11].map((count) => tickets.unread(count));
  expect(new Set(shown).size).toBe(4);
  expect(shown[2]).toMatch(/3|٣/);
  expect(textsOf('en').tickets.unread(1)).toBe('1 unread message');
  expect(textsOf('en').tickets.unread(1_200)).toBe('1,200 unread messages');
});

it('uses the main language for a region, and English for unknown languages', () => {
  expect(languageFor(['ar-EG', 'en']).tag).toBe('ar');
  expect(languageFor(['fi', 'sv']).tag).toBe('en');
  expect(languageFor(['fi', 'AR']).direction).toBe('rtl');
});

it('names days as people do', () => {
  const formats = createFormats('en');
  const now = new Date(2026, 2, 30, 0, 30);
  const at = (day: number, hour: number) => new Date(2026, 2, day, hour).toISOString();
  expect(formats.day(at(30, 0), now)).toBe('today');
  expect(formats.day(at(29, 23), now)).toBe('yesterday');
  expect(formats.day(at(28, 23), now)).toContain('March 28');
  expect(formats.brief(at(29, 23), now)).toBe('Mar 29');
});

it('shows sizes in a suitable unit', () => {
  const { size } = createFormats('en');
  expect([999, 1_000, 2_400, 9_960_000].map(size)).toEqual(['999 byte', '1 kB', '2 kB', '10 MB']);
});

it.each([
  ['en', ['en-GB', 'en'], 'en-GB'],
  ['en', ['de-CH', 'fr'], 'en-CH'],
  ['ar', ['en-US', 'ar-MA'], 'ar-MA'],
  ['ar', ['ar-SA-u-nu-latn'], 'ar-SA-u-nu-latn'],
  ['ar', ['en-GB'], 'ar-GB'],
  ['en', ['not a locale!', 'x-y', ''], 'en'],
  ['en', [], 'en'],
  ['de-AT', ['de-DE'], 'de-AT'],
  ['not a language!', ['en-GB'], 'en-GB'],
] as const)('words in %s for a reader of %j are formatted as in %s', (language, wanted, locale) => {
  expect(localeFor(language, wanted)).toBe(locale);
});

it('writes days, clocks and digits as the reader does, in texts with a number, too', () => {
  const at = new Date(2026, 2, 29, 14, 5).toISOString();
  expect(createFormats('en-GB').time(at)).toBe('14:05');
  expect(createFormats('en-US').time(at)).toMatch(/^2:05/);
  expect(createFormats('ar-EG').number(39)).toBe('٣٩');
  expect(createFormats('ar-MA').number(39)).toBe('39');
  expect(textsOf('ar-EG').tickets.unread(39)).toContain('٣٩');
  expect(textsOf('ar-MA').tickets.unread(39)).toContain('39');
  expect(createFormats('ar-EG').size(2_000)).toMatch(/^٢/);
});

it('keeps the name of a user apart from the sentence around it', () => {
  expect(textsOf('en').chat.typing(createFormats('en').list(['דנה', 'Ada!']), 2)).toBe(
    '\u2068דנה\u2069 and \u2068Ada!\u2069 are typing',
  );
  // Signs in a name that would turn the rest of the sentence are left out.
  expect(isolated('a\u202eb\u2069c')).toBe('\u2068abc\u2069');
  expect(withIsolated('Status changed from open to closed by דנה', 'דנה')).toBe(
    'Status changed from open to closed by \u2068דנה\u2069',
  );
  expect(withIsolated('Nobody is named', 'דנה')).toBe('Nobody is named');
  expect(notificationText('דנה: hello: you', { senderName: 'דנה' })).toBe('\u2068דנה\u2069: \u2068hello: you\u2069');
  expect(notificationText('User דנה created a new support ticket', { username: 'דנה' })).toBe(
    'User \u2068דנה\u2069 created a new support ticket',
  );
  expect(notificationText('From a backend', {})).toBe('From a backend');
});

it('words a notification in the language of the page, and leaves one that it does not know to the server', () => {
  const one = { title: 'New Message', message: 'Ada: sent 3 images', data: {} };
  const params = { senderName: 'Ada', sent: 'image', preview: '', count: 3, fileName: 'a.png' };
  const words = (key: string | null, tag: string) =>
    wordsOf({ ...one, key, params } as unknown as Notification, textsOf(tag).inbox.words);
  expect(words('support_message_new', 'en')).toEqual({
    title: 'New message',
    message: '\u2068Ada\u2069: sent 3 images',
  });
  expect(words('support_message_new', 'ar-EG').message).toBe('\u2068Ada\u2069: أرسل ٣ صور');
  for (const key of [null, 'from_tomorrow', 'toString']) {
    expect(words(key, 'ar')).toEqual({ title: one.title, message: one.message });
  }
});
