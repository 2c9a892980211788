/**
 * What a notification says, without the words: the key of a text and its parameters. `texts/` has the words, in the
 * language of the recipient. A notification that was sent through the API has the words of its sender.
 */
import type { PreviewParams } from './preview.ts';

/** The parameters of each text, as clients receive them. */
export interface NotificationParams {
  readonly support_ticket_created: { readonly username: string };
  readonly support_ticket_updated: { readonly number: number };
  readonly support_ticket_resolved: { readonly number: number };
  readonly support_ticket_deleted: { readonly number: number };
  readonly support_ticket_assigned: { readonly number: number };
  readonly support_message_new: { readonly senderName: string } & PreviewParams;
}

export type NotificationKey = keyof NotificationParams;
export type TextParams = Readonly<Record<string, string | number>>;

export type Wording = CatalogWording | OwnWording;

export interface CatalogWording {
  readonly key: NotificationKey;
  readonly params: TextParams;
}

export interface OwnWording extends Words {
  readonly key: null;
}

export interface Words {
  readonly title: string;
  readonly message: string;
}

/** Type-checks the parameters of a key. */
export function wording<K extends NotificationKey>(key: K, params: NotificationParams[K]): CatalogWording {
  return { key, params: { ...params } };
}
