/** What somebody chose on this device: theme and language. Kept in the browser, shown on the page's root element. */
import { type Language, languageFor } from './language/languages.ts';

export type Theme = 'system' | 'light' | 'dark';
export const THEMES: readonly Theme[] = ['system', 'light', 'dark'];

export interface Preferences {
  readonly theme: Theme;
  readonly language: Language;
}

const KEY = 'deskwire:preferences';

type Kept = Pick<Storage, 'getItem' | 'setItem'>;

export function readPreferences(storage: Kept, wanted: readonly string[]): Preferences {
  const { theme, language } = parsed(storage.getItem(KEY));
  return {
    theme: THEMES.find((one) => one === theme) ?? 'system',
    language: languageFor([...(typeof language === 'string' ? [language] : []), ...wanted]),
  };
}

export function keepPreferences(storage: Kept, { theme, language }: Preferences): void {
  storage.setItem(KEY, JSON.stringify({ theme, language: language.tag }));
}

export function showPreferences(root: HTMLElement, { theme, language }: Preferences): void {
  root.lang = language.tag;
  root.dir = language.direction;
  if (theme === 'system') delete root.dataset.theme;
  else root.dataset.theme = theme;
}

function parsed(kept: string | null): { theme?: unknown; language?: unknown } {
  try {
    return Object(JSON.parse(kept ?? '{}'));
  } catch {
    return {};
  }
}
