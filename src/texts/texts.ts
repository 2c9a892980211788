/**
 * The words of notifications in the languages of their recipients. A text is an ICU message; `intl-messageformat` words
 * it, and is hidden by this folder.
 */
import { IntlMessageFormat } from 'intl-messageformat';
import type { NotificationView, WordedNotification } from '../domain/notification/inbox.ts';
import type { NotificationKey, TextParams, Words } from '../domain/notification/wording.ts';
import { ar } from './languages/ar.ts';
import { en } from './languages/en.ts';
import { vi } from './languages/vi.ts';

/** The texts of one language. One that is absent is taken from a more general language, and from English at last. */
export interface LanguageTexts {
  readonly notifications?: Readonly<Partial<Record<NotificationKey, Partial<Words>>>>;
}

/** By language tag (BCP 47, canonical case): `en`, `pt-BR`. */
export type Languages = Readonly<Record<string, LanguageTexts>>;

export interface Texts {
  /** The tags of the languages, sorted. */
  readonly languages: readonly string[];
  /** The words of a text in the language that is nearest to `locale`; in English without one. */
  notification(key: NotificationKey, params: TextParams, locale?: string): Words;
  /** The notification with its words: its own, or those of its text. */
  word(notification: NotificationView, locale?: string): WordedNotification;
}

const FALLBACK = 'en';
export const BUILT_IN = { en, ar, vi } as const satisfies Languages;

/** `added` adds languages, and replaces single texts of those that are built in. */
export function createTexts(added: Languages = {}): Texts {
  const languages = merged(BUILT_IN, added);
  const formats = new Map<string, IntlMessageFormat>();

  function wordsOf(key: NotificationKey, part: keyof Words, params: TextParams, locale: string): string {
    const id = `${locale} ${key}.${part}`;
    let format = formats.get(id);
    if (format === undefined) {
      const [language, text] = find(languages, key, part, locale);
      format = new IntlMessageFormat(text, language);
      formats.set(id, format);
    }
    return String(format.format(params));
  }

  const notification: Texts['notification'] = (key, params, locale = FALLBACK) => {
    const known = nearest(languages, locale);
    return { title: wordsOf(key, 'title', params, known), message: wordsOf(key, 'message', params, known) };
  };

  return {
    languages: Object.keys(languages).sort(),
    notification,
    word(one, locale) {
      // A process of an earlier version gives no key: its words are in English.
      if (one.key === null || one.key === undefined) return one;
      return { ...one, ...notification(one.key, one.params, locale) };
    },
  };
}

/** The tag itself or a part of it, from its end: `zh-Hant-TW`, `zh-Hant`, `zh`; then English. */
function* generalizations(locale: string): Generator<string> {
  for (let tag = locale; tag !== ''; tag = tag.slice(0, Math.max(0, tag.lastIndexOf('-')))) yield tag;
  yield FALLBACK;
}

function nearest(languages: Languages, locale: string): string {
  for (const tag of generalizations(locale)) if (Object.hasOwn(languages, tag)) return tag;
  return FALLBACK;
}

function find(languages: Languages, key: NotificationKey, part: keyof Words, locale: string): [string, string] {
  for (const tag of generalizations(locale)) {
    const text = languages[tag]?.notifications?.[key]?.[part];
    if (text !== undefined) return [tag, text];
  }
  return [FALLBACK, en.notifications[key][part]];
}

function merged(languages: Languages, added: Languages): Languages {
  const all: Record<string, LanguageTexts> = { ...languages };
  for (const [tag, { notifications = {} }] of Object.entries(added)) {
    const texts: Partial<Record<NotificationKey, Partial<Words>>> = { ...all[tag]?.notifications };
    for (const key of Object.keys(notifications) as NotificationKey[]) {
      texts[key] = { ...texts[key], ...notifications[key] };
    }
    all[tag] = { notifications: texts };
  }
  return all;
}
