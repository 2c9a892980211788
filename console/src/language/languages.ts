/** The languages there are; another one is a file beside `en.ts` and a line here. */
import { ar } from './ar.ts';
import { en, type Texts } from './en.ts';

export interface Language {
  readonly tag: string;
  /** As its readers call it. */
  readonly name: string;
  readonly direction: 'ltr' | 'rtl';
  readonly texts: Texts;
}

const ENGLISH: Language = { tag: 'en', name: 'English', direction: 'ltr', texts: en };

export const LANGUAGES: readonly Language[] = [ENGLISH, { tag: 'ar', name: 'العربية', direction: 'rtl', texts: ar }];

/** The first of those wanted that there is; `de-AT` is content with `de`. */
export function languageFor(wanted: readonly string[]): Language {
  for (const tag of wanted) {
    const [main] = tag.toLowerCase().split('-');
    const found = LANGUAGES.find((language) => language.tag === main);
    if (found !== undefined) return found;
  }
  return ENGLISH;
}
