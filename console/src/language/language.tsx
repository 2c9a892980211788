/** The current language and its formats, for every component. */
import { createContext, useContext, useMemo } from 'react';
import type { Texts } from './en.ts';
import { createFormats, type Formats } from './formats.ts';
import { type Language, languageFor } from './languages.ts';
import { localeFor } from './locale.ts';
import { createPlural, type Plural } from './plural.ts';
import type { Words } from './words.ts';

interface CurrentLanguage {
  readonly language: Language;
  readonly texts: Texts;
  readonly plural: Plural;
  readonly formats: Formats;
}

const LanguageContext = createContext<CurrentLanguage>(currentLanguage(languageFor([]), []));

export const LanguageProvider = LanguageContext.Provider;

/** `wanted`: the locales that the reader prefers. */
export function currentLanguage(language: Language, wanted: readonly string[]): CurrentLanguage {
  const locale = localeFor(language.tag, wanted);
  const plural = createPlural(locale);
  return { language, plural, texts: language.texts(plural), formats: createFormats(locale) };
}

export function useTexts(): Texts {
  return useContext(LanguageContext).texts;
}

export function useFormats(): Formats {
  return useContext(LanguageContext).formats;
}

/** The texts of one view, in the current language. */
export function useWords<ViewTexts>(words: Words<ViewTexts>): ViewTexts {
  const { language, plural } = useContext(LanguageContext);
  return useMemo(() => (words[language.tag] ?? words.en)(plural), [words, language, plural]);
}
