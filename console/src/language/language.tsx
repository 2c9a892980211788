/** The current language and its formats, for every component. */
import { createContext, useContext } from 'react';
import type { Texts } from './en.ts';
import { createFormats, type Formats } from './formats.ts';
import { type Language, languageFor } from './languages.ts';
import type { Words } from './words.ts';

interface CurrentLanguage {
  readonly language: Language;
  readonly formats: Formats;
}

const LanguageContext = createContext<CurrentLanguage>(currentLanguage(languageFor([])));

export const LanguageProvider = LanguageContext.Provider;

export function currentLanguage(language: Language): CurrentLanguage {
  return { language, formats: createFormats(language.tag) };
}

export function useTexts(): Texts {
  return useContext(LanguageContext).language.texts;
}

export function useFormats(): Formats {
  return useContext(LanguageContext).formats;
}

/** The texts of one view, in the current language. */
export function useWords<ViewTexts>(words: Words<ViewTexts>): ViewTexts {
  const { tag } = useContext(LanguageContext).language;
  return words[tag] ?? words.en;
}
