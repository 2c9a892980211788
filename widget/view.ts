/** Types and functions that the widget's views share. */
import type { Formats } from '../console/src/language/formats.ts';
import type { Drafts } from '../console/src/writing/drafts.ts';
import type { Client } from '../src/client/index.ts';
import type { Texts } from './texts.ts';

export interface Context {
  readonly client: Client;
  readonly texts: Texts;
  /** Of dates, digits and lists, as the reader writes them. */
  readonly formats: Formats;
  readonly drafts: Drafts;
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

/** Part of the keys of rows that show a time of today: at midnight, they are made again with the date. */
export function today(): string {
  return new Date().toDateString();
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
