/**
 * The texts of an operator: a folder with one JSON file for each language, named after its tag, in the form
 * `{"notifications": {"support_ticket_created": {"title": "…", "message": "…"}}}`. A file adds a language, or replaces
 * texts of one that is there. Every text is checked when the server starts, so that none fails when it is shown.
 */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { IntlMessageFormat } from 'intl-messageformat';
import type { NotificationKey, TextParams, Words } from '../domain/notification/wording.ts';
import { messageOf, StartFailure } from '../support/start-failure.ts';
import { en } from './languages/en.ts';
import { samples } from './samples.ts';
import type { Languages, LanguageTexts } from './texts.ts';

/** Rejects with a StartFailure that names the file and the text. */
export async function readTextsFolder(folder: string): Promise<Languages> {
  const names = await readdir(folder).catch((cause: unknown) => {
    throw new StartFailure(`TEXTS_DIR ${folder} cannot be read (${messageOf(cause)}).`, { cause });
  });
  const languages: Record<string, LanguageTexts> = {};
  for (const name of names.filter((one) => one.endsWith('.json')).sort()) {
    const file = join(folder, name);
    languages[tagOf(file, name.slice(0, -'.json'.length))] = await readLanguage(file);
  }
  return languages;
}

function tagOf(file: string, name: string): string {
  try {
    const [tag = ''] = Intl.getCanonicalLocales(name);
    return tag;
  } catch (cause) {
    throw new StartFailure(`${file}: ${name} is not a language tag, such as de or pt-BR.`, { cause });
  }
}

async function readLanguage(file: string): Promise<LanguageTexts> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(await readFile(file, 'utf8'));
  } catch (cause) {
    throw new StartFailure(`${file} cannot be read (${messageOf(cause)}).`, { cause });
  }
  const groups = objectAt(file, '', parsed, ['notifications']);
  const given = objectAt(file, 'notifications', groups.notifications ?? {}, Object.keys(en.notifications));
  const notifications: Partial<Record<NotificationKey, Partial<Words>>> = {};
  for (const [key, value] of Object.entries(given)) {
    const words = objectAt(file, `notifications.${key}`, value, ['title', 'message']);
    for (const [part, text] of Object.entries(words)) {
      check(`${file}: notifications.${key}.${part}`, text, samples[key as NotificationKey]);
    }
    notifications[key as NotificationKey] = words as Partial<Words>;
  }
  return { notifications };
}

function objectAt(file: string, path: string, value: unknown, known: readonly string[]): Record<string, unknown> {
  const place = path === '' ? file : `${file}: ${path}`;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new StartFailure(`${place} is not an object.`);
  }
  const unknown = Object.keys(value).find((name) => !known.includes(name));
  if (unknown !== undefined) throw new StartFailure(`${place}: there is no ${unknown}; there are ${known.join(', ')}.`);
  return value as Record<string, unknown>;
}

/** A text that names no parameter of its key, and has a branch for all values, can be worded for any notification. */
function check(place: string, text: unknown, params: readonly TextParams[]): void {
  if (typeof text !== 'string' || text.trim() === '') throw new StartFailure(`${place} is not a text.`);
  try {
    const format = new IntlMessageFormat(text);
    for (const some of params) format.format(some);
  } catch (cause) {
    throw new StartFailure(`${place} is not a message that can be shown (${messageOf(cause)}).`, { cause });
  }
}
