/** Tests the console's languages, and the times and numbers in them. */
import { expect, it } from 'vitest';
import { createFormats } from '../../../console/src/language/formats.ts';
import { LANGUAGES, languageFor } from '../../../console/src/language/languages.ts';

/** Every text with its path; for a function, its name and the number of its parameters. */
function textsIn(value: unknown, path = ''): [string, string][] {
  if (typeof value === 'string') return [[path, value]];
  if (typeof value === 'function') return [[path, `a function of ${value.length}`]];
  return Object.entries(Object(value)).flatMap(([name, one]) => textsIn(one, `${path}.${name}`));
}

it('has the same texts in each language, and no empty one', () => {
  const [first, ...others] = LANGUAGES.map(({ texts }) => textsIn(texts));
  for (const other of others) expect(other.map(([path]) => path)).toEqual(first?.map(([path]) => path));
  for (const texts of [first ?? [], ...others]) for (const [path, text] of texts) expect(text, path).not.toBe('');
});

it('has no English in Arabic except names', () => {
  const arabic = textsIn(languageFor(['ar']).texts).filter(([, text]) => !text.startsWith('a function'));
  expect(arabic.filter(([, text]) => !/[؀-ۿ]/.test(text))).toEqual([['.product', 'Deskwire']]);
});

it('uses the plural forms of the language', () => {
  const { tickets } = languageFor(['ar']).texts;
  const shown = [1, 2, 3, 11].map((count) => tickets.unread(count));
  expect(new Set(shown).size).toBe(4);
  expect(shown[2]).toMatch(/3|٣/);
  expect(languageFor(['en']).texts.tickets.unread(1)).toBe('1 unread message');
  expect(languageFor(['en']).texts.tickets.unread(1_200)).toBe('1,200 unread messages');
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
  expect([999, 1_000, 2_400, 9_960_000].map(size)).toEqual(['999 B', '1 kB', '2 kB', '10 MB']);
});
