/** Posting and reading messages of a ticket, as the API and the gateway do it. */

import { maySeeInternalNotes } from '../domain/access.ts';
import { DeskwireError } from '../domain/errors.ts';
import type { RecordedEvent } from '../domain/event.ts';
import type { PostableMessageType, TicketEvent } from '../domain/ticket/events.ts';
import { type Message, messageOf } from '../domain/ticket/message.ts';
import { isStaff, type UserFacts } from '../domain/user/identity.ts';
import type { MessagePage, ParticipantView, TicketView } from '../projections/queries.ts';
import { type Caller, commandContext, type Done, type Services } from './services.ts';
import { ticketIdOf } from './tickets.ts';

export interface PostMessageInput {
  readonly message: string;
  /** TEXT when absent. */
  readonly messageType?: PostableMessageType;
  /** Ids of uploads, or the objects that the upload answered with, of which only the id counts. */
  readonly attachments?: readonly (string | { readonly id: string })[];
  readonly internal?: boolean;
  /** The same one again finds the same message and posts nothing. */
  readonly clientMessageId?: string;
}

export interface PostedMessage extends Done {
  readonly message: Message;
}

/**
 * Posts a message. A repetition is recognized by `clientMessageId`, which every way in shares, else by the caller's key.
 * `idOrNumber` as the client gave it.
 */
export async function postMessage(
  services: Services,
  caller: Caller,
  idOrNumber: string,
  input: PostMessageInput,
): Promise<PostedMessage> {
  refuseUnknownAttachments(input);
  const ticketId = await ticketIdOf(services, idOrNumber);
  const context =
    input.clientMessageId === undefined
      ? commandContext(services, caller, 'post')
      : commandContext(services, caller, 'message', input.clientMessageId);
  const outcome = await services.actors.record(
    'ticket',
    ticketId,
    {
      type: 'PostMessage',
      messageId: services.newId(),
      message: input.message,
      messageType: input.messageType ?? 'TEXT',
      attachments: [],
      internal: input.internal ?? false,
      ...(input.clientMessageId !== undefined && { clientMessageId: input.clientMessageId }),
    },
    context,
  );
  for (const event of outcome.events) {
    if (event.type !== 'MessagePosted') continue;
    const message = messageOf(event as RecordedEvent<TicketEvent>);
    if (message !== undefined) {
      return { message, version: outcome.version, position: outcome.position, duplicate: outcome.duplicate };
    }
  }
  throw new DeskwireError('conflict', 'This command id was used for something else');
}

/** Nothing can be uploaded yet, so no attachment exists. */
function refuseUnknownAttachments(input: PostMessageInput): void {
  if ((input.attachments?.length ?? 0) > 0) {
    throw new DeskwireError('not_found', 'Attachment not found', { field: 'attachments.0' });
  }
}

export interface MessageRange {
  readonly limit: number;
  /** Versions of the ticket's stream, exclusive. At most one of them. */
  readonly before?: number;
  readonly after?: number;
}

/** A page of what `user` may see of the conversation. Rejects with `not_found` for a ticket they may not see. */
export async function readMessages(
  services: Services,
  user: UserFacts,
  idOrNumber: string,
  range: MessageRange,
): Promise<{ ticketId: string; page: MessagePage }> {
  const ticket = await visibleTicket(services, user, idOrNumber);
  const internal = maySeeInternalNotes(user, {
    ...ticket,
    participantIds: new Set(ticket.participantIds),
  });
  return { ticketId: ticket.id, page: await services.queries.messages(ticket.id, { internal, ...range }) };
}

/** `unread` is missing where the viewer may not know it. */
export type Participant = Omit<ParticipantView, 'unread'> & { readonly unread?: number };

/**
 * Everyone on the ticket. What others have not read is for staff only: the counts of staff include internal notes,
 * and would tell of them.
 */
export async function readParticipants(
  services: Services,
  user: UserFacts,
  idOrNumber: string,
): Promise<{ ticket: TicketView; participants: readonly Participant[] }> {
  const ticket = await visibleTicket(services, user, idOrNumber);
  const all = await services.queries.participants(ticket.id);
  const participants = isStaff(user.role)
    ? all
    : all.map(({ unread, ...others }) => (others.userId === user.id ? { ...others, unread } : others));
  return { ticket, participants };
}

/** The ticket as the read models show it. Rejects with `not_found` when there is none for this user. */
export async function visibleTicket(services: Services, user: UserFacts, idOrNumber: string): Promise<TicketView> {
  const ticket = await services.queries.ticket(idOrNumber, user);
  if (ticket === undefined) throw new DeskwireError('not_found', 'Ticket not found');
  return ticket;
}
