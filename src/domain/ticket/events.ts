/** The events of a ticket and its chat. */
import type { Role } from '../user/identity.ts';
import type { OpenedFields, TicketChanges } from './fields.ts';

/** The types that a client may post. A SYSTEM message is rendered from another event and never posted. */
export const POSTABLE_MESSAGE_TYPES = ['TEXT', 'FILE', 'IMAGE'] as const;
export type PostableMessageType = (typeof POSTABLE_MESSAGE_TYPES)[number];

export interface Attachment {
  readonly id: string;
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  readonly mimeType: string;
}

export type TicketEvent =
  | { readonly type: 'TicketOpened'; readonly data: OpenedFields }
  /** A command that changes a ticket records one of these, with any number of fields. */
  | { readonly type: 'TicketChanged'; readonly data: { readonly changes: TicketChanges } }
  | {
      readonly type: 'ParticipantAdded';
      readonly data: { readonly userId: string; readonly name: string; readonly role: Role };
    }
  | { readonly type: 'ParticipantRemoved'; readonly data: { readonly userId: string; readonly name: string } }
  /**
   * The author has read everything up to the message. The author of a public message becomes a participant; the author
   * of an internal note does not, because requesters see participants.
   */
  | {
      readonly type: 'MessagePosted';
      readonly data: {
        readonly messageId: string;
        readonly message: string;
        readonly messageType: PostableMessageType;
        readonly attachments: readonly Attachment[];
        readonly internal: boolean;
        readonly clientMessageId?: string;
      };
    }
  /** `upTo` is a version of the ticket's stream. `internal`: nothing but internal notes was read. */
  | {
      readonly type: 'TicketRead';
      readonly data: { readonly userId: string; readonly upTo: number; readonly internal?: boolean };
    }
  | { readonly type: 'TicketDeleted'; readonly data: Readonly<Record<string, never>> };
