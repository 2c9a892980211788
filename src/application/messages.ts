/** Messages and participants of a ticket: post, list and get. */
import type { CommandContext, RecordedCommand } from '../actors/actor-system.ts';
import type { PostMessageBody } from '../contract/fields.ts';
import { type Message, messageWire } from '../contract/message.ts';
import { maySeeInternalNotes } from '../domain/access.ts';
import { DeskwireError } from '../domain/errors.ts';
import { type RecordedEvent, streamOf } from '../domain/event.ts';
import type { TicketCommand } from '../domain/ticket/commands.ts';
import type { Attachment, TicketEvent } from '../domain/ticket/events.ts';
import { type Message as MessageFacts, messageOf } from '../domain/ticket/message.ts';
import { shownEvent, shownVersion, type View, viewOf } from '../domain/ticket/public-view.ts';
import type { UserFacts } from '../domain/user/identity.ts';
import {
  accessOfView,
  type MessagePage as PageOfMessages,
  type ParticipantView,
  type TicketView,
} from '../projections/queries/queries.ts';
import { type Application, type Caller, commandContext, type Done } from './application.ts';
import { withAttachments } from './attachments.ts';
import { backendsOf } from './backends.ts';
import { execute, record, spendQuota, withRequestKey } from './execute.ts';
import { ticketIdOf } from './tickets.ts';

/** A page of the conversation, with the links of the user who asks. */
export type MessagePage = Omit<PageOfMessages, 'messages'> & { readonly messages: readonly Message[] };

/** A page of the conversation without links. */
export type LatestMessages = PageOfMessages;

export interface PostedMessage extends Done {
  readonly message: Message;
}

/**
 * Posts a message. A repetition is recognized by `clientMessageId`, which every way in shares, else by the caller's
 * key. A key that was used for another message is refused in either case. `idOrNumber` as the client gave it.
 */
export async function postMessage(
  application: Application,
  caller: Caller,
  idOrNumber: string,
  input: PostMessageBody,
): Promise<PostedMessage> {
  const ticketId = await ticketIdOf(application, idOrNumber);
  const ids = (input.attachments ?? []).map((named) => (typeof named === 'string' ? named : named.id));
  const keyed = commandContext(application, caller, 'post', { input: { ...input, attachments: ids } });
  const context =
    input.clientMessageId === undefined
      ? keyed
      : commandContext(application, caller, 'message', { key: input.clientMessageId });
  const claim = { ticketId, uploader: caller.user, ids };
  const postWith = (attachments: readonly Attachment[]) =>
    post(application, caller.user, ticketId, context, {
      type: 'PostMessage',
      messageId: application.newId(),
      message: input.message,
      messageType: input.messageType ?? 'TEXT',
      attachments,
      internal: input.internal ?? false,
      ...(input.clientMessageId !== undefined && { clientMessageId: input.clientMessageId }),
    });
  const stream = streamOf('ticket', ticketId);
  const named = input.clientMessageId !== undefined || caller.key !== undefined;
  const spending = { user: caller.user, quota: 'messages', amount: 1, stream, commandId: context.commandId, named };
  const outcome = await withRequestKey(application, stream, keyed, () =>
    spendQuota(application, spending, () => withAttachments(application, claim, context, postWith)),
  );
  for (const event of outcome.events) {
    if (event.type !== 'MessagePosted') continue;
    const message = messageOf(event as RecordedEvent<TicketEvent>);
    if (message !== undefined) {
      const { version, position, duplicate } = outcome;
      // A repetition may come from somebody who was renamed since.
      const sender = { ...message.sender, name: caller.user.name };
      return { message: shown(application, { ...message, sender }, caller.user), version, position, duplicate };
    }
  }
  throw new DeskwireError('conflict', 'This command id was used for something else');
}

/** Staff get the versions of the stream. For others, the ticket's state says which versions they do not see. */
async function post(
  application: Application,
  user: UserFacts,
  ticketId: string,
  context: CommandContext,
  command: TicketCommand,
): Promise<RecordedCommand> {
  const view = viewOf(user);
  if (view === 'staff') return record(application, 'ticket', ticketId, command, context);
  const { state, ...outcome } = await execute(application, 'ticket', ticketId, command, context);
  const { internalVersions } = state;
  const events = outcome.events.map((event) => shownEvent(event as RecordedEvent<TicketEvent>, internalVersions, view));
  return { ...outcome, events, version: shownVersion(outcome.version, internalVersions, view) };
}

export interface MessageRange {
  readonly limit: number;
  /** Versions in the user's numbering, exclusive. At most one of them. */
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
  if (range.before !== undefined && range.after !== undefined) {
    throw new DeskwireError('invalid_payload', 'Give either before or after', { field: 'after' });
  }
  const ticket = await getTicket(application, user, idOrNumber);
  const page = await backendsOf(application).queries.messages(ticket.id, { view: viewOf(user), ...range });
  return {
    ticketId: ticket.id,
    page: { ...page, messages: page.messages.map((message) => shown(application, message, user)) },
  };
}

/** The latest messages of a ticket, for a caller that has checked who may see them. */
export async function listLatestMessages(
  application: Application,
  ticketId: string,
  options: { readonly view: View; readonly internal: boolean; readonly limit: number },
): Promise<LatestMessages> {
  return backendsOf(application).queries.messages(ticketId, options);
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
  const all = await backendsOf(application).queries.participants(ticket.id, viewOf(user));
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
