/**
 * The locale in which dates, digits and lists are written. The words have a language; days, clocks and digits follow
 * the region of the reader: English in Britain writes 29/03 and 14:05, Arabic in Morocco writes 123 and in Egypt ١٢٣.
 */

/** `wanted`: the locales that the reader prefers, as the browser tells them. `language` may have a region itself. */
export function localeFor(language: string, wanted: readonly string[]): string {
  const words = parsed(language) ?? new Intl.Locale('en');
  if (words.region !== undefined) return words.toString();
  const readers = wanted.flatMap((tag) => parsed(tag) ?? []);
  const same = readers.find((one) => one.language === words.language && one.region !== undefined);
  if (same !== undefined) return same.toString();
  const region = readers.find((one) => one.region !== undefined)?.region;
  return new Intl.Locale(words, region === undefined ? {} : { region }).toString();
}

/** Pages and browsers may name anything as a language. */
function parsed(tag: string): Intl.Locale | undefined {
  try {
    return new Intl.Locale(tag);
  } catch {
    return undefined;
  }
}
