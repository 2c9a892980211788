/** Connected sockets, as the answers of `/websocket/...` show them. Source: docs/protocol.md section 6. */
import Type, { type Static, type TSchema } from 'typebox';
import { anyJson, closed, count, described, flag, listOf, nextCursor, text, time } from './schema.ts';
import { role } from './user.ts';

export const Client = closed(
  {
    clientId: described(text, 'Of its socket'),
    userId: text,
    name: text,
    role,
    namespace: text,
    transport: text,
    connectedAt: time,
    rooms: described(listOf(text), 'That it is in'),
  },
  { title: 'Client' },
);
/** One socket. */
export type Client = Static<typeof Client>;

export const Delivered = closed({ delivered: described(count, 'Sockets reached') }, { description: 'It was sent' });

export const SocketsStatus = closed(
  {
    connections: described(count, 'Sockets: a client has one for each namespace that it uses'),
    users: count,
    rooms: described(count, 'With somebody in them'),
    nodes: count,
    uptime: described(count, 'Seconds'),
  },
  { description: 'How many are connected' },
);
/** `nodes`: processes with sockets; `uptime`: seconds since the first of them started. */
export type SocketsStatus = Static<typeof SocketsStatus>;

export const Clients = closed({ clients: listOf(Client), nextCursor }, { description: 'Who is connected' });
export const ClientStatus = closed(
  { clientId: text, connected: flag, connections: count, clients: listOf(Client) },
  { description: 'Whether the client is connected' },
);

/** The events of socket pushes that have their own route, with their payloads. Every namespace has them. */
export const pushedEvents = {
  notification: closed({ type: text, title: text, message: text, data: Type.Optional(anyJson) }),
  chatMessage: anyJson,
  whatsappStatusUpdate: anyJson,
  whatsappMessageUpdate: anyJson,
  conversationUpdate: anyJson,
} satisfies Record<string, TSchema>;

export type PushedEventName = keyof typeof pushedEvents;
