/**
 * A message as people see it: posted ones, and the SYSTEM messages that other events read as. Live delivery, replay and
 * the read model all render through `messageOf`, so that they cannot differ.
 */
import type { RecordedEvent } from '../event.ts';
import type { Role } from '../user/identity.ts';
import type { Attachment, PostableMessageType, TicketEvent } from './events.ts';

export interface Message {
  readonly id: string;
  readonly ticketId: string;
  readonly version: number;
  readonly senderId: string;
  /** As they were when they sent it. */
  readonly sender: { readonly id: string; readonly name: string; readonly role: Role };
  readonly message: string;
  readonly messageType: PostableMessageType | 'SYSTEM';
  readonly attachments: readonly Attachment[];
  readonly internal: boolean;
  readonly clientMessageId?: string;
  /** RFC 3339 UTC. */
  readonly createdAt: string;
  readonly updatedAt: string;
}

export type MessageOf = (event: RecordedEvent<TicketEvent>) => Message | undefined;
