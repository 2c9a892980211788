/** Messages and participants of a ticket: post, list and get. */
import type { PostMessageBody } from '../contract/fields.ts';
import { type Message, messageWire } from '../contract/message.ts';
import { maySeeInternalNotes, type TicketAccess } from '../domain/access.ts';
import { DeskwireError } from '../domain/errors.ts';
import type { RecordedEvent } from '../domain/event.ts';
import type { Attachment, TicketEvent } from '../domain/ticket/events.ts';
import { type Message as MessageFacts, messageOf } from '../domain/ticket/message.ts';
import type { UserFacts } from '../domain/user/identity.ts';
import type { MessagePage as PageOfMessages, ParticipantView, TicketView } from '../projections/queries/queries.ts';
import { type Application, type Caller, commandContext, type Done } from './application.ts';
import { withAttachments } from './attachments.ts';
import { backendsOf } from './backends.ts';
import { record, spendQuota } from './execute.ts';
import { ticketIdOf } from './tickets.ts';

/** A page of the conversation, with the links of the user who asks. */
export type MessagePage = Omit<PageOfMessages, 'messages'> & { readonly messages: readonly Message[] };

/** A page of the conversation without links. */
export type LatestMessages = PageOfMessages;

export interface PostedMessage extends Done {
  readonly message: Message;
}

/**
 * Posts a message. A repetition is recognized by `clientMessageId`, which every way in shares, else by the caller's key.
 * `idOrNumber` as the client gave it.
 */
export async function postMessage(
  application: Application,
  caller: Caller,
  idOrNumber: string,
  input: PostMessageBody,
): Promise<PostedMessage> {
  const ticketId = await ticketIdOf(application, idOrNumber);
  const ids = (input.attachments ?? []).map((named) => (typeof named === 'string' ? named : named.id));
  const context =
    input.clientMessageId === undefined
      ? commandContext(application, caller, 'post', { input: { ...input, attachments: ids } })
      : commandContext(application, caller, 'message', { key: input.clientMessageId });
  const named = { ticketId, uploader: caller.user, ids };
  const post = (attachments: readonly Attachment[]) =>
    record(
      application,
      'ticket',
      ticketId,
      {
        type: 'PostMessage',
        messageId: application.newId(),
        message: input.message,
        messageType: input.messageType ?? 'TEXT',
        attachments,
        internal: input.internal ?? false,
        ...(input.clientMessageId !== undefined && { clientMessageId: input.clientMessageId }),
      },
      context,
    );
  const outcome = await spendQuota(application, caller.user, 'messages', 1, () =>
    withAttachments(application, named, context, post),
  );
  for (const event of outcome.events) {
    if (event.type !== 'MessagePosted') continue;
    const message = messageOf(event as RecordedEvent<TicketEvent>);
    if (message !== undefined) {
      return {
        message: shown(application, message, caller.user),
        version: outcome.version,
        position: outcome.position,
        duplicate: outcome.duplicate,
      };
    }
  }
  throw new DeskwireError('conflict', 'This command id was used for something else');
}

export interface MessageRange {
  readonly limit: number;
  /** Versions of the ticket's stream, exclusive. At most one of them. */
  readonly before?: number;
  readonly after?: number;
}

/** A page of what `user` may see of the conversation. Rejects with `not_found` for a ticket they may not see. */
export async function listMessages(
  application: Application,
  user: UserFacts,
  idOrNumber: string,
  range: MessageRange,
): Promise<{ ticketId: string; page: MessagePage }> {
  const ticket = await getTicket(application, user, idOrNumber);
  const internal = maySeeInternalNotes(user, accessOfView(ticket));
  const page = await backendsOf(application).queries.messages(ticket.id, { internal, ...range });
  return {
    ticketId: ticket.id,
    page: { ...page, messages: page.messages.map((message) => shown(application, message, user)) },
  };
}

/** The latest messages of a ticket, for a caller that has checked who may see them. */
export async function listLatestMessages(
  application: Application,
  ticketId: string,
  { internal, limit }: { readonly internal: boolean; readonly limit: number },
): Promise<LatestMessages> {
  return backendsOf(application).queries.messages(ticketId, { internal, limit });
}

/** With links to attachments that this user may open. */
function shown(application: Application, message: MessageFacts, viewer: UserFacts): Message {
  return messageWire(message, (id) => application.attachments.urlFor(id, viewer));
}

/** `unread` is missing where the viewer may not know it. */
export type Participant = Omit<ParticipantView, 'unread'> & { readonly unread?: number };

/**
 * Everyone on the ticket. What others have not read is for staff only: the counts of staff include internal notes,
 * and would tell of them.
 */
export async function listParticipants(
  application: Application,
  user: UserFacts,
  idOrNumber: string,
): Promise<{ ticket: TicketView; participants: readonly Participant[] }> {
  const ticket = await getTicket(application, user, idOrNumber);
  const all = await backendsOf(application).queries.participants(ticket.id);
  const participants = maySeeInternalNotes(user, accessOfView(ticket))
    ? all
    : all.map(({ unread, ...others }) => (others.userId === user.id ? { ...others, unread } : others));
  return { ticket, participants };
}

/** The ticket as the read models show it. Rejects with `not_found` when there is none for this user. */
export async function getTicket(application: Application, user: UserFacts, idOrNumber: string): Promise<TicketView> {
  const ticket = await backendsOf(application).queries.ticket(idOrNumber, user);
  if (ticket === undefined) throw new DeskwireError('not_found', 'Ticket not found');
  return ticket;
}

/** A ticket of the read models as the access policy sees it. */
export function accessOfView(ticket: TicketView): TicketAccess {
  return { ...ticket, participantIds: new Set(ticket.participantIds) };
}
