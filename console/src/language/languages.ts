/** The available languages. To add one, write a file like `en.ts` and add a line here. */
import { ar } from './ar.ts';
import { en, type Texts } from './en.ts';
import type { Plural } from './plural.ts';

export interface Language {
  readonly tag: string;
  /** The language's name in the language itself. */
  readonly name: string;
  readonly direction: 'ltr' | 'rtl';
  texts(plural: Plural): Texts;
}

const ENGLISH: Language = { tag: 'en', name: 'English', direction: 'ltr', texts: en };

export const LANGUAGES: readonly Language[] = [ENGLISH, { tag: 'ar', name: 'العربية', direction: 'rtl', texts: ar }];

/** The first preferred language that is available; `de-AT` matches `de`. English when there is none. */
export function languageFor(wanted: readonly string[]): Language {
  for (const tag of wanted) {
    const [main] = tag.toLowerCase().split('-');
    const found = LANGUAGES.find((language) => language.tag === main);
    if (found !== undefined) return found;
  }
  return ENGLISH;
}
