/**
 * `/support`: the messages of tickets, as seed D speaks it. Internal notes are never sent here, to anyone: its table hears
 * nothing internal, and the schemas of its events have no place for it. Source: docs/protocol.md section 4.
 */
import Type from 'typebox';
import { PublicMessage as publicMessage } from '../../contract/message.ts';
import { closed, count, flag, text } from '../../contract/schema.ts';
import { messageOf } from '../../domain/ticket/message.ts';
import type { Arrival } from '../delivery/memberships.ts';
import { send } from '../toolbox.ts';
import type { Dialect, TicketTable } from './dialect.ts';
import { epoch, ticketId, version } from './fields.ts';
import { type Call, request } from './request.ts';

const tickets: TicketTable = {
  internal: false,
  present: true,
  render(event, messageWire) {
    const message = messageOf(event);
    if (message === undefined || message.internal) return [];
    return [{ name: 'message:new', payload: messageWire(message), audience: 'public' }];
  },
  expelled: (id) => leftWire(id),
  typing: ({ ticketId: id, user }, isTyping) => ({
    name: 'user-typing',
    payload: { ticketId: id, userId: user.id, userName: user.name, isTyping },
    ephemeral: isTyping,
  }),
  alert: (id, message) => ({ name: 'support:new-message', payload: { ticketId: id, message } }),
};

const standing = { ticketId: text, version: count, epoch: text, recovered: flag };

const events: Dialect['events'] = {
  'joined-ticket': closed(standing),
  'left-ticket': closed({ ticketId: text }),
  'message:new': publicMessage,
  'user-typing': closed({ ticketId: text, userId: text, userName: text, isTyping: flag }),
  'support:new-message': closed({ ticketId: text, message: publicMessage }),
};

function leftWire(id: string) {
  return { name: 'left-ticket', payload: { ticketId: id } };
}

/** Whoever missed too much gets the latest page, message by message. */
function welcome(call: Call, { id, version, epoch, recovered, page, wires }: Arrival): void {
  send(call, { name: 'joined-ticket', payload: { ticketId: id, version, epoch, recovered } });
  const messageWire = call.tools.messageWireFor(call.session.user);
  for (const message of page?.messages ?? []) send(call, { name: 'message:new', payload: messageWire(message) });
  send(call, ...wires);
}

async function leave(call: Call, id: string | number): Promise<object> {
  const { session, tools } = call;
  const left = await tools.memberships.leave(session, support, { kind: 'ticket', id });
  tools.typing.stop(left, session.user.id);
  send(call, leftWire(left));
  return { ticketId: left };
}

const strict = { additionalProperties: false };

export const support: Dialect = {
  name: 'support',
  namespace: '/support',
  events,
  tickets,
  requests: {
    'join-ticket': request(
      Type.Object({ ticketId, after: Type.Optional(version), epoch: Type.Optional(epoch) }, strict),
      async (call, { ticketId: id, after, epoch }) => {
        const otherwise = after === undefined ? 'now' : 'page';
        const place = { kind: 'ticket', id, after, epoch, otherwise } as const;
        const joined = await call.tools.memberships.join(call.session, support, place, (arrival) =>
          welcome(call, arrival),
        );
        return { ticketId: joined.id, version: joined.version, epoch: joined.epoch, recovered: joined.recovered };
      },
      Type.Object(standing),
    ),
    'leave-ticket': request(
      Type.Object({ ticketId }, strict),
      (call, payload) => leave(call, payload.ticketId),
      Type.Object({ ticketId: text }),
    ),
    typing: request(Type.Object({ ticketId, isTyping: Type.Boolean() }, strict), async (call, payload) => {
      const { session, tools } = call;
      const member = await tools.memberships.require(session, support, { kind: 'ticket', id: payload.ticketId });
      tools.typing.tell(member.stream.id, session.user, payload.isTyping, false);
      return {};
    }),
  },
};
