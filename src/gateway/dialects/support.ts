/**
 * `/support`: the messages of tickets, the dialect of seed D. It never sends internal notes, not even to staff: its
 * table receives no internal events, and the schemas of its events do not allow them. Source: docs/protocol.md section
 * 4.
 */
import Type from 'typebox';
import { PublicMessage as publicMessage } from '../../contract/message.ts';
import { closed, count, flag, text } from '../../contract/schema.ts';
import { messageOf } from '../../domain/ticket/message.ts';
import type { Dialect, TicketTable } from './dialect.ts';
import { cursor, ticketId } from './fields.ts';
import type { Arrival } from './joining.ts';
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

/** A client that missed too much gets the latest page, one event for each message. */
function welcome({ client, context }: Call, { id, version, epoch, recovered, page, wires }: Arrival): void {
  client.send({ name: 'joined-ticket', payload: { ticketId: id, version, epoch, recovered } });
  const { messageWire } = context;
  for (const message of page?.messages ?? []) client.send({ name: 'message:new', payload: messageWire(message) });
  client.send(...wires);
}

async function leave({ client, context }: Call, id: string | number): Promise<object> {
  const left = await context.streams.leave(support, { kind: 'ticket', id });
  context.typing.stop(left);
  client.send(leftWire(left));
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
      Type.Object({ ticketId, ...cursor }, strict),
      async (call, { ticketId: id, after, epoch }) => {
        const otherwise = after === undefined ? 'now' : 'page';
        const place = { kind: 'ticket', id, after, epoch, otherwise } as const;
        const joined = await call.context.streams.join(support, place, (arrival) => welcome(call, arrival));
        return { ticketId: joined.id, version: joined.version, epoch: joined.epoch, recovered: joined.recovered };
      },
      Type.Object(standing),
    ),
    'leave-ticket': request(
      Type.Object({ ticketId }, strict),
      (call, payload) => leave(call, payload.ticketId),
      Type.Object({ ticketId: text }),
    ),
    typing: request(Type.Object({ ticketId, isTyping: Type.Boolean() }, strict), async ({ context }, payload) => {
      const member = await context.streams.require(support, { kind: 'ticket', id: payload.ticketId });
      context.typing.publish(member.id, payload.isTyping, false);
      return {};
    }),
  },
};
