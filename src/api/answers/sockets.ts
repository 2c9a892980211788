/** What is answered about connected sockets. */
import type { ClientView, SocketsStatus } from '../../application/socket-control.ts';
import { ROLES } from '../../domain/user/identity.ts';
import { answer, count, described, flag, listOf, named, object, oneOf, text, textOrNull, time } from './shape.ts';

const client = named(
  'Client',
  object({
    clientId: described(text, 'Of its socket'),
    userId: text,
    name: text,
    role: oneOf(ROLES),
    namespace: text,
    transport: text,
    connectedAt: time,
    rooms: described(listOf(text), 'That it is in'),
  }),
);

export const DeliveredAnswer = answer<{ delivered: number }>(
  object({ delivered: described(count, 'Sockets reached') }),
  'It was sent',
);

export const SocketsAnswer = answer<SocketsStatus>(
  object({
    connections: described(count, 'Sockets: a client has one for each namespace that it uses'),
    users: count,
    rooms: described(count, 'With somebody in them'),
    nodes: count,
    uptime: described(count, 'Seconds'),
  }),
  'How many are connected',
);

export const ClientsAnswer = answer<{ clients: readonly ClientView[]; nextCursor: string | null }>(
  object({
    clients: listOf(client),
    nextCursor: described(textOrNull, 'Send it as `cursor` for the next page; null on the last'),
  }),
  'Who is connected',
);

export const ClientStatusAnswer = answer<{
  clientId: string;
  connected: boolean;
  connections: number;
  clients: readonly ClientView[];
}>(
  object({ clientId: text, connected: flag, connections: count, clients: listOf(client) }),
  'Whether the client is connected',
);
