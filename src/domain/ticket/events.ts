/** Everything that can happen to a ticket, its chat included. */
import type { Change } from '../change.ts';
import type { Priority } from '../priority.ts';
import type { Role } from '../user/identity.ts';

export const STATUSES = ['open', 'in_progress', 'pending', 'resolved', 'closed'] as const;
export type Status = (typeof STATUSES)[number];

export const CATEGORIES = ['general', 'technical', 'payment', 'invoice', 'other'] as const;
export type Category = (typeof CATEGORIES)[number];

/** What a client may send; SYSTEM messages are rendered from other events and never posted. */
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
  | {
      readonly type: 'TicketOpened';
      readonly data: {
        readonly number: number;
        readonly requesterId: string;
        readonly requesterName: string;
        readonly description: string;
        readonly category: Category;
        readonly priority: Priority;
        readonly stationId?: string;
        readonly stationName?: string;
        readonly grnId?: string;
        readonly dispatchId?: string;
        readonly tags: readonly string[];
      };
    }
  /** One command that changes a ticket records one of these, however many fields it changes. */
  | {
      readonly type: 'TicketChanged';
      readonly data: {
        readonly changes: {
          readonly status?: Change<Status>;
          readonly description?: Change<string>;
          readonly category?: Change<Category>;
          readonly priority?: Change<Priority>;
          readonly assignee?: Change<{ readonly id: string; readonly name: string } | null>;
          readonly tags?: Change<readonly string[]>;
        };
      };
    }
  | {
      readonly type: 'ParticipantAdded';
      readonly data: { readonly userId: string; readonly name: string; readonly role: Role };
    }
  | { readonly type: 'ParticipantRemoved'; readonly data: { readonly userId: string; readonly name: string } }
  /** Whoever posts becomes a participant, and has read everything up to their message. */
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
  /** `upTo` is a version of the ticket's stream. */
  | { readonly type: 'TicketRead'; readonly data: { readonly userId: string; readonly upTo: number } }
  | { readonly type: 'TicketDeleted'; readonly data: Readonly<Record<string, never>> };
