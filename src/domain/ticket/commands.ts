import type { UserFacts } from '../user/identity.ts';
import type { Attachment, PostableMessageType } from './events.ts';
import type { ChangeableField, OpenedFields, TicketFields } from './fields.ts';

/** The ticket keeps ids with their names of this moment. */
interface OpenTicket extends Omit<OpenedFields, 'requesterId' | 'requesterName' | 'stationId' | 'stationName'> {
  readonly type: 'OpenTicket';
  readonly requester: { readonly id: string; readonly name: string };
  readonly station?: { readonly id: string; readonly name: string };
}

interface ChangeTicket extends Partial<Pick<TicketFields, Exclude<ChangeableField, 'assignee'>>> {
  readonly type: 'ChangeTicket';
  /** The assignee with the facts of this moment; null removes the assignee. */
  readonly assignee?: UserFacts | null;
}

export type TicketCommand =
  | OpenTicket
  | ChangeTicket
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
  /** `upTo` is a version in the reader's numbering (`public-view.ts`). */
  | { readonly type: 'MarkTicketRead'; readonly upTo: number }
  | { readonly type: 'DeleteTicket' };
