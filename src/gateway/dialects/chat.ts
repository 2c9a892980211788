/** `/`, ticket chat: the dialect of seed B. Source: docs/protocol.md section 5. */
import Type from 'typebox';
import { listMessages, type MessagePage, postMessage } from '../../application/messages.ts';
import { markTicketRead } from '../../application/tickets.ts';
import { messageFields } from '../../contract/fields.ts';
import { LIMITS } from '../../contract/limits.ts';
import { Message as messageSchema } from '../../contract/message.ts';
import { closed, count, flag, text, time } from '../../contract/schema.ts';
import { parseStream } from '../../domain/event.ts';
import { messageOf } from '../../domain/ticket/message.ts';
import type { Dialect, TicketAct, TicketTable } from './dialect.ts';
import { cursor, ticketId, version } from './fields.ts';
import type { Arrival } from './joining.ts';
import { type Call, callerOf, request } from './request.ts';

const tickets: TicketTable = {
  internal: true,
  present: true,
  render(event, messageWire) {
    if (event.type === 'TicketRead') {
      const { userId, upTo } = event.data;
      const payload = { ticketId: parseStream(event.stream).id, userId, upTo, version: event.version };
      return [{ name: 'message_read', payload, audience: 'public' }];
    }
    const message = messageOf(event);
    if (message === undefined) return [];
    const payload = {
      message: messageWire(message),
      ticketId: message.ticketId,
      timestamp: event.time,
      version: event.version,
    };
    return [{ name: 'new_message', payload, audience: message.internal ? 'internal' : 'public' }];
  },
  expelled: (id) => leftWire(id, 'You no longer have access to this ticket'),
  presence: (act, change) =>
    change === 'joined'
      ? { name: 'user_joined', payload: actWire(act), ephemeral: true }
      : { name: 'user_left', payload: actWire(act) },
  typing: (act, typing) =>
    typing
      ? { name: 'user_typing', payload: actWire(act), ephemeral: true }
      : { name: 'user_stopped_typing', payload: actWire(act) },
  unread: (id, unread) => ({ name: 'ticket_unread', payload: { ticketId: id, unread } }),
};

const act = closed({ userId: text, userName: text, ticketId: text, timestamp: time });
const standing = { ticketId: text, version: count, epoch: text, recovered: flag };
/** `nextCursor`: a version, as text. */
const pagination = closed({
  limit: count,
  hasMore: flag,
  nextCursor: Type.Union([text, Type.Null()]),
  total: count,
});

const events: Dialect['events'] = {
  joined_ticket: closed({ ...standing, message: text }),
  left_ticket: closed({ ticketId: text, message: text }),
  messages_history: closed({ ticketId: text, messages: Type.Array(messageSchema), pagination }),
  new_message: closed({ message: messageSchema, ticketId: text, timestamp: time, version: count }),
  message_read: closed({ ticketId: text, userId: text, upTo: count, version: count }),
  user_joined: act,
  user_left: act,
  user_typing: act,
  user_stopped_typing: act,
  ticket_unread: closed({ ticketId: text, unread: count }),
};

function actWire({ ticketId: id, user, timestamp }: TicketAct): object {
  return { userId: user.id, userName: user.name, ticketId: id, timestamp };
}

function leftWire(id: string, message: string) {
  return { name: 'left_ticket', payload: { ticketId: id, message } };
}

function history(id: string, page: MessagePage, limit: number) {
  const { messages, hasMore, nextCursor, total } = page;
  const pagination = { limit, hasMore, nextCursor, total };
  return { name: 'messages_history', payload: { ticketId: id, messages, pagination } };
}

function welcome({ client, context }: Call, { id, version, epoch, recovered, page, wires }: Arrival): void {
  const standing = { ticketId: id, version, epoch, recovered };
  client.send({ name: 'joined_ticket', payload: { ...standing, message: 'Successfully joined ticket' } });
  if (page !== undefined) {
    const messages = page.messages.map(context.messageWire);
    client.send(history(id, { ...page, messages }, context.historySize));
  }
  client.send(...wires);
}

const strict = { additionalProperties: false };
/** The `nextCursor` of a page, as text or as a number. */
const before = Type.Union([version, Type.String({ pattern: '^[0-9]{1,9}$' })]);
const limit = Type.Integer({ minimum: 1, maximum: LIMITS.historySize });

/** `internal`: the user types an internal note. */
const TypingPayload = Type.Object({ ticketId, internal: Type.Optional(Type.Boolean()) }, strict);

function typing(typing: boolean) {
  return request(TypingPayload, async ({ context }, payload) => {
    const member = await context.streams.require(chat, { kind: 'ticket', id: payload.ticketId });
    // Only staff can type an internal note. The flag of other users is ignored.
    const internal = payload.internal === true && member.internal;
    context.typing.publish(member.id, typing, internal);
    return {};
  });
}

async function leave({ client, context }: Call, id: string | number): Promise<object> {
  const left = await context.streams.leave(chat, { kind: 'ticket', id });
  context.typing.stop(left);
  client.send(leftWire(left, 'Successfully left ticket'));
  return { ticketId: left };
}

export const chat: Dialect = {
  name: 'chat',
  namespace: '/',
  events,
  tickets,
  requests: {
    join_ticket: request(
      Type.Object({ ticketId, ...cursor }, strict),
      async (call, { ticketId: id, after, epoch }) => {
        const place = { kind: 'ticket', id, after, epoch, otherwise: 'page' } as const;
        const joined = await call.context.streams.join(chat, place, (arrival) => welcome(call, arrival));
        return { ticketId: joined.id, version: joined.version, epoch: joined.epoch, recovered: joined.recovered };
      },
      Type.Object(standing),
    ),
    leave_ticket: request(
      Type.Object({ ticketId }, strict),
      (call, payload) => leave(call, payload.ticketId),
      Type.Object({ ticketId: text }),
    ),
    send_message: request(
      Type.Object({ ticketId, ...messageFields }, strict),
      async (call, { ticketId: id, ...input }) => {
        const { application, typing } = call.context;
        const { message } = await postMessage(application, callerOf(call), String(id), input);
        typing.stop(message.ticketId);
        return { message, version: message.version };
      },
      Type.Object({ message: messageSchema, version: count }),
    ),
    typing_start: typing(true),
    typing_stop: typing(false),
    load_history: request(
      Type.Object({ ticketId, before: Type.Optional(before), limit: Type.Optional(limit) }, strict),
      async ({ client, context }, payload) => {
        const { application } = context;
        const range = {
          limit: payload.limit ?? context.historySize,
          ...(payload.before !== undefined && { before: Number(payload.before) }),
        };
        return context.replay(async () => {
          await application.settle();
          const read = await listMessages(application, client.user, String(payload.ticketId), range);
          client.send(history(read.ticketId, read.page, range.limit));
          return { ticketId: read.ticketId, hasMore: read.page.hasMore, nextCursor: read.page.nextCursor };
        });
      },
      Type.Object({ ticketId: text, hasMore: flag, nextCursor: pagination.properties.nextCursor }),
    ),
    mark_ticket_read: request(
      Type.Object({ ticketId, upTo: version }, strict),
      async (call, payload) => {
        const { application } = call.context;
        const done = await markTicketRead(application, callerOf(call), String(payload.ticketId), payload.upTo);
        return { ticketId: done.state.id, version: done.version };
      },
      Type.Object({ ticketId: text, version: count }),
    ),
  },
};
