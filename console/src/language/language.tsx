/** What every component says things with. */
import { createContext, useContext } from 'react';
import type { Texts } from './en.ts';
import { createFormats, type Formats } from './formats.ts';
import { type Language, languageFor } from './languages.ts';
import type { Words } from './words.ts';

interface Spoken {
  readonly language: Language;
  readonly formats: Formats;
}

const SpokenContext = createContext<Spoken>(spoken(languageFor([])));

export const SpeakIn = SpokenContext.Provider;

export function spoken(language: Language): Spoken {
  return { language, formats: createFormats(language.tag) };
}

export function useTexts(): Texts {
  return useContext(SpokenContext).language.texts;
}

export function useFormats(): Formats {
  return useContext(SpokenContext).formats;
}

/** What only one view says. */
export function useWords<Said>(words: Words<Said>): Said {
  const { tag } = useContext(SpokenContext).language;
  return words[tag] ?? words.en;
}
