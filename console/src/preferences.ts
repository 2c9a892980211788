/**
 * The user's choice of theme and language on this device. It is stored in the browser and applied to the page's root
 * element.
 */
import { type Language, languageFor } from './language/languages.ts';

export type Theme = 'system' | 'light' | 'dark';
export const THEMES: readonly Theme[] = ['system', 'light', 'dark'];

export interface Preferences {
  readonly theme: Theme;
  readonly language: Language;
}

const KEY = 'deskwire:preferences';

type PreferenceStorage = Pick<Storage, 'getItem' | 'setItem'>;

export function readPreferences(storage: PreferenceStorage, wanted: readonly string[]): Preferences {
  const { theme, language } = parsed(storage.getItem(KEY));
  return {
    theme: THEMES.find((one) => one === theme) ?? 'system',
    language: languageFor([...(typeof language === 'string' ? [language] : []), ...wanted]),
  };
}

export function storePreferences(storage: PreferenceStorage, { theme, language }: Preferences): void {
  storage.setItem(KEY, JSON.stringify({ theme, language: language.tag }));
}

export function showPreferences(root: HTMLElement, { theme, language }: Preferences): void {
  root.lang = language.tag;
  root.dir = language.direction;
  if (theme === 'system') delete root.dataset.theme;
  else root.dataset.theme = theme;
}

function parsed(stored: string | null): { theme?: unknown; language?: unknown } {
  try {
    return Object(JSON.parse(stored ?? '{}'));
  } catch {
    return {};
  }
}
