/**
 * Notifications in the language of the page, which may differ from the language that the server knows of the user. One
 * that this page has no words for keeps the words of the server.
 */
import type { Notification } from '../../../src/client/index.ts';
import { notificationText } from './isolated.ts';

export interface Words {
  readonly title: string;
  readonly message: string;
}

/** The words of each text, by its key, made of its parameters. Source: docs/protocol.md section 3. */
export type NotificationWords = Readonly<Record<string, (params: Params) => Words>>;

export interface Params {
  text(name: string): string;
  number(name: string): number;
}

export function wordsOf({ key, params, title, message, data }: Notification, known: NotificationWords): Words {
  const words = key !== null && Object.hasOwn(known, key) ? known[key] : undefined;
  if (words === undefined) return { title, message: notificationText(message, data) };
  return words({ text: (name) => String(params[name] ?? ''), number: (name) => Number(params[name] ?? 0) });
}
