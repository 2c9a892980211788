/** Types and functions that the widget's views share. */
import type { Client } from '../src/client/index.ts';
import type { Texts } from './texts.ts';

export interface Context {
  readonly client: Client;
  readonly texts: Texts;
  readonly language: string;
  /** Whether the user can see the view; only then is anything marked as read. */
  visible(): boolean;
  show(place: Place): void;
}

export type Place =
  | { readonly at: 'tickets' }
  | { readonly at: 'notifications' }
  | { readonly at: 'chat'; readonly id: string };

export interface View {
  readonly title: string;
  readonly element: HTMLElement;
  /** Sets the focus when the view is shown. */
  focus(): void;
  /** Called when the panel is opened with this view. */
  seen(): void;
  close(): void;
}

export function timeOf(iso: string, language: string): string {
  const time = new Date(iso);
  const sameDay = time.toDateString() === new Date().toDateString();
  const format: Intl.DateTimeFormatOptions = sameDay
    ? { hour: '2-digit', minute: '2-digit' }
    : { dateStyle: 'short', timeStyle: 'short' };
  return new Intl.DateTimeFormat(language, format).format(time);
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
