/** `/`, rooms and broadcasts: the dialect of seed C. Source: docs/protocol.md section 6. */
import Type from 'typebox';
import { requireRelayable } from '../../application/relayed.ts';
import { postRoomMessage } from '../../application/room-messages.ts';
import { KeyField } from '../../contract/fields.ts';
import { anyJson, closed, count, flag, text, time } from '../../contract/schema.ts';
import { mayBroadcast, requirePermission } from '../../domain/access.ts';
import { parseStream } from '../../domain/event.ts';
import type { RoomEvent } from '../../domain/room/events.ts';
import type { ClientAct, ClientsTable, Dialect, StreamTable, Wire } from './dialect.ts';
import { cursor, room } from './fields.ts';
import type { Arrival } from './joining.ts';
import { type Call, callerOf, request } from './request.ts';

const roomTable: StreamTable<RoomEvent> = {
  internal: false,
  render(event) {
    if (event.type !== 'RoomMessagePosted') return [];
    const { message, clientId } = event.data;
    const payload = {
      room: parseStream(event.stream).id,
      message,
      clientId,
      userId: event.metadata.actor.id,
      timestamp: event.time,
      version: event.version,
    };
    return [{ name: 'roomMessage', payload, audience: 'public', exceptSocket: clientId }];
  },
  expelled: leftWire,
};

const clients: ClientsTable = {
  joined: (act) => ({ name: 'clientJoined', payload: actWire(act), ephemeral: true }),
  left: (act) => ({ name: 'clientLeft', payload: actWire(act) }),
  broadcast: (act, message) => ({ name: 'messageBroadcast', payload: { ...actWire(act), message } }),
};

const act = { clientId: text, userId: text, timestamp: time };
const standing = { room: text, version: count, epoch: text, recovered: flag };
const received = { messageId: text, timestamp: time };

const events: Dialect['events'] = {
  messageReceived: closed(received),
  messageBroadcast: closed({ ...act, message: anyJson }),
  roomJoined: closed(standing),
  roomLeft: closed({ room: text }),
  roomMessage: closed({ room: text, message: anyJson, ...act, version: count }),
  clientJoined: closed(act),
  clientLeft: closed(act),
};

function actWire({ clientId, userId, timestamp }: ClientAct): object {
  return { clientId, userId, timestamp };
}

function leftWire(name: string): Wire {
  return { name: 'roomLeft', payload: { room: name } };
}

function welcome({ client }: Call, { id, version, epoch, recovered, wires }: Arrival): void {
  client.send({ name: 'roomJoined', payload: { room: id, version, epoch, recovered } }, ...wires);
}

const strict = { additionalProperties: false };

export const rooms: Dialect = {
  name: 'rooms',
  namespace: '/',
  events,
  rooms: roomTable,
  clients,
  requests: {
    message: request(
      anyJson,
      ({ client, context }, message) => {
        requirePermission(mayBroadcast(client.user), 'Only staff and services may broadcast');
        requireRelayable(message, 'message');
        context.broadcast(message);
        const receipt = { messageId: context.application.newId(), timestamp: new Date(context.now()).toISOString() };
        client.send({ name: 'messageReceived', payload: receipt });
        return receipt;
      },
      Type.Object(received),
    ),
    joinRoom: request(
      Type.Object({ room, ...cursor }, strict),
      async (call, { room: id, after, epoch }) => {
        const otherwise = after === undefined ? 'now' : 'latest';
        const place = { kind: 'room', id, after, epoch, otherwise } as const;
        const joined = await call.context.streams.join(rooms, place, (arrival) => welcome(call, arrival));
        return { room: id, version: joined.version, epoch: joined.epoch, recovered: joined.recovered };
      },
      Type.Object(standing),
    ),
    leaveRoom: request(
      Type.Object({ room }, strict),
      async ({ client, context }, { room: id }) => {
        await context.streams.leave(rooms, { kind: 'room', id });
        client.send(leftWire(id));
        return { room: id };
      },
      Type.Object({ room: text }),
    ),
    roomMessage: request(
      Type.Object({ room, message: anyJson, clientMessageId: Type.Optional(KeyField) }, strict),
      async (call, { room: id, ...said }) => {
        const post = { ...said, clientId: call.client.id };
        return { room: id, version: await postRoomMessage(call.context.application, callerOf(call), id, post) };
      },
      Type.Object({ room: text, version: count }),
    ),
  },
};
