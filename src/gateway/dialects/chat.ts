/** `/`, ticket chat, as seed B speaks it. Source: PROTOCOL.md section 5. */
import Type from 'typebox';
import { postMessage, readMessages } from '../../application/messages.ts';
import { LIMITS, messageFields } from '../../application/schemas.ts';
import { readTicket } from '../../application/tickets.ts';
import { parseStream } from '../../domain/event.ts';
import { messageOf } from '../../domain/ticket/message.ts';
import type { MessagePage } from '../../projections/queries.ts';
import { callerOf, send } from '../toolbox.ts';
import { commonRequests } from './common.ts';
import { type Call, type Dialect, type MessageWire, request, type TicketAct, type TicketDialect } from './dialect.ts';
import { epoch, ticketId, version } from './fields.ts';

const tickets: TicketDialect = {
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
  arrived({ page, limit, ...arrival }, messageWire) {
    const joined = { name: 'joined_ticket', payload: { ...arrival, message: 'Successfully joined ticket' } };
    if (page === undefined) return [joined];
    return [joined, history(arrival.ticketId, page, limit, messageWire)];
  },
  expelled: (id) => ({
    name: 'left_ticket',
    payload: { ticketId: id, message: 'You no longer have access to this ticket' },
  }),
  presence: (act, change) => ({ name: change === 'joined' ? 'user_joined' : 'user_left', payload: actWire(act) }),
  typing: (act, typing) => ({ name: typing ? 'user_typing' : 'user_stopped_typing', payload: actWire(act) }),
  unread: (id, unread) => ({ name: 'ticket_unread', payload: { ticketId: id, unread } }),
};

function actWire({ ticketId: id, user, timestamp }: TicketAct): object {
  return { userId: user.id, userName: user.name, ticketId: id, timestamp };
}

function history(id: string, page: MessagePage, limit: number, messageWire: MessageWire) {
  const { messages, hasMore, nextCursor, total } = page;
  const pagination = { limit, hasMore, nextCursor, total };
  return { name: 'messages_history', payload: { ticketId: id, messages: messages.map(messageWire), pagination } };
}

const strict = { additionalProperties: false };
/** `nextCursor` of a page, as it is or as a number. */
const before = Type.Union([version, Type.String({ pattern: '^[0-9]{1,9}$' })]);
const limit = Type.Integer({ minimum: 1, maximum: LIMITS.historySize });

/** `internal` when it is an internal note that is being typed. */
const TypingPayload = Type.Object({ ticketId, internal: Type.Optional(Type.Boolean()) }, strict);

function typing(typing: boolean) {
  return request(TypingPayload, async (call, payload) => {
    const { session, tools } = call;
    const member = await tools.memberships.require(session, chat, payload.ticketId);
    // Only staff can be typing a note; what others call one is not shown to staff as one either.
    const internal = payload.internal === true && member.internal;
    tools.typing.tell(member.feed.ticketId, session.user, typing, internal);
    return {};
  });
}

async function sayLeft(call: Call, id: string | number): Promise<object> {
  const { session, tools } = call;
  const left = await tools.memberships.leave(session, chat, id);
  tools.typing.stop(left, session.user.id);
  send(call, { name: 'left_ticket', payload: { ticketId: left, message: 'Successfully left ticket' } });
  return { ticketId: left };
}

export const chat: Dialect = {
  name: 'chat',
  namespace: '/',
  tickets,
  greeting: (user) => ({ message: 'Successfully connected', userId: user.id, role: user.role, name: user.name }),
  requests: {
    ...commonRequests,
    join_ticket: request(
      Type.Object({ ticketId, after: Type.Optional(version), epoch: Type.Optional(epoch) }, strict),
      ({ session, tools }, payload) => tools.memberships.join(session, chat, payload),
    ),
    leave_ticket: request(Type.Object({ ticketId }, strict), (call, payload) => sayLeft(call, payload.ticketId)),
    send_message: request(Type.Object({ ticketId, ...messageFields }, strict), async (call, payload) => {
      const { ticketId: id, ...input } = payload;
      const { services, typing, messageWireFor } = call.tools;
      const { message } = await postMessage(services, callerOf(call), String(id), input);
      typing.stop(message.ticketId, call.session.user.id);
      return { message: messageWireFor(call.session.user)(message), version: message.version };
    }),
    typing_start: typing(true),
    typing_stop: typing(false),
    load_history: request(
      Type.Object({ ticketId, before: Type.Optional(before), limit: Type.Optional(limit) }, strict),
      async (call, payload) => {
        const { services, messageWireFor, historySize } = call.tools;
        const range = {
          limit: payload.limit ?? historySize,
          ...(payload.before !== undefined && { before: Number(payload.before) }),
        };
        await services.settle();
        const read = await readMessages(services, call.session.user, String(payload.ticketId), range);
        send(call, history(read.ticketId, read.page, range.limit, messageWireFor(call.session.user)));
        return { ticketId: read.ticketId, hasMore: read.page.hasMore, nextCursor: read.page.nextCursor };
      },
    ),
    mark_ticket_read: request(Type.Object({ ticketId, upTo: version }, strict), async (call, payload) => {
      const done = await readTicket(call.tools.services, callerOf(call), String(payload.ticketId), payload.upTo);
      return { ticketId: done.state.id, version: done.version };
    }),
  },
};
