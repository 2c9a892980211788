/** What can be asked of a ticket. Field limits are checked before, by the schemas of the API and the gateway. */
import type { Priority } from '../priority.ts';
import type { UserFacts } from '../user/identity.ts';
import type { Attachment, Category, PostableMessageType, Status } from './events.ts';

export type TicketCommand =
  | {
      readonly type: 'OpenTicket';
      readonly number: number;
      readonly requester: { readonly id: string; readonly name: string };
      readonly description: string;
      readonly category: Category;
      readonly priority: Priority;
      readonly station?: { readonly id: string; readonly name: string };
      readonly grnId?: string;
      readonly dispatchId?: string;
      readonly tags: readonly string[];
    }
  | {
      readonly type: 'ChangeTicket';
      readonly status?: Status;
      readonly description?: string;
      readonly category?: Category;
      readonly priority?: Priority;
      /** Who it is assigned to, as they are now; null takes the assignee away. */
      readonly assignee?: UserFacts | null;
      readonly tags?: readonly string[];
    }
  | {
      readonly type: 'PostMessage';
      readonly messageId: string;
      readonly message: string;
      readonly messageType: PostableMessageType;
      readonly attachments: readonly Attachment[];
      readonly internal: boolean;
      readonly clientMessageId?: string;
    }
  | { readonly type: 'AddParticipant'; readonly user: UserFacts }
  | { readonly type: 'RemoveParticipant'; readonly userId: string }
  | { readonly type: 'MarkTicketRead'; readonly upTo: number }
  | { readonly type: 'DeleteTicket' };
