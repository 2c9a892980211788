/**
 * Seed C's relay over HTTP, which seed D's service calls use too: routes that push events to connected sockets and tell
 * who is connected. For services and admins. Source: docs/protocol.md section 6.
 */
import Type from 'typebox';
import type { Application } from '../../application/application.ts';
import {
  disconnectClients,
  findClients,
  getSocketsStatus,
  listClients,
  type PushAddress,
  pushCustomEvent,
  pushToSockets,
  type Sockets,
} from '../../application/socket-push.ts';
import { IdField, MessageField, RoomNameField, TicketIdField, TitleField } from '../../contract/fields.ts';
import { LIMITS } from '../../contract/limits.ts';
import { ClientStatus, Clients, Delivered, type PushedEventName, SocketsStatus } from '../../contract/sockets.ts';
import { ONE_LINE } from '../../domain/text.ts';
import type { App } from '../app.ts';
import { userOf } from '../requests.ts';

const tags = ['Relay (seed C)'];
const strict = { additionalProperties: false };
const AnyObject = Type.Record(Type.String(), Type.Unknown(), { description: 'Passed on as it is' });
const NotificationBody = Type.Object(
  {
    type: Type.String({ minLength: 1, maxLength: 64, pattern: ONE_LINE.source }),
    title: TitleField,
    message: MessageField,
    data: Type.Optional(AnyObject),
  },
  strict,
);
const UsersBody = Type.Object(
  {
    userIds: Type.Array(IdField, { minItems: 1, maxItems: LIMITS.userIds }),
    data: Type.Unknown({ description: 'Passed on as it is' }),
  },
  strict,
);
const SendQuery = Type.Object(
  { excludeUserId: Type.Optional(Type.Unsafe<string>({ ...IdField, description: 'Leaves this user out' })) },
  strict,
);
const ListQuery = Type.Object(
  { cursor: Type.Optional(IdField), limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000 })) },
  strict,
);
const ClientId = Type.Unsafe<string>({ ...IdField, description: 'Of a socket, or `user:<id>` for all of a user’s' });
const EventName = Type.Unsafe<string>({ ...IdField, description: 'A letter and up to 63 letters, digits and _ . : -' });

type Params = Readonly<Record<string, string>>;

/** The receivers that a path names. */
interface Receivers {
  readonly path: string;
  /** For the description of the route. */
  readonly label: string;
  readonly params: Readonly<Record<string, Type.TSchema>>;
  address(params: Params): PushAddress;
}

const client: Receivers = {
  path: 'client/:clientId',
  label: 'a client',
  params: { clientId: ClientId },
  address: ({ clientId = '' }) => ({ clientId }),
};
const bareClient: Receivers = { ...client, path: ':clientId' };
const room: Receivers = {
  path: 'room/:roomName',
  label: 'a room',
  params: { roomName: RoomNameField },
  address: ({ roomName = '' }) => ({ room: roomName }),
};
const everyone: Receivers = {
  path: 'broadcast',
  label: 'everyone',
  params: {},
  address: () => ({ everyone: true }),
};
const ticket: Receivers = {
  path: 'ticket/:ticketId',
  label: 'those who are in a ticket',
  params: { ticketId: TicketIdField },
  address: ({ ticketId = '' }) => ({ ticket: ticketId }),
};

/** A kind of event with its own path and body. */
interface PushRoute {
  readonly path: string;
  readonly summary: string;
  readonly event: PushedEventName;
  readonly body: Type.TSchema;
  readonly receivers: readonly Receivers[];
}

const PUSH_ROUTES: readonly PushRoute[] = [
  {
    path: 'notify',
    summary: 'Send a notification',
    event: 'notification',
    body: NotificationBody,
    receivers: [client, room, everyone],
  },
  {
    path: 'chat',
    summary: 'Send a chat message',
    event: 'chatMessage',
    body: AnyObject,
    receivers: [client, room],
  },
  {
    path: 'whatsapp/status',
    summary: 'Send a WhatsApp status',
    event: 'whatsappStatusUpdate',
    body: AnyObject,
    receivers: [bareClient],
  },
  {
    path: 'whatsapp/message',
    summary: 'Send a WhatsApp message',
    event: 'whatsappMessageUpdate',
    body: AnyObject,
    receivers: [bareClient],
  },
  {
    path: 'conversation',
    summary: 'Send a conversation update',
    event: 'conversationUpdate',
    body: AnyObject,
    receivers: [bareClient],
  },
];

export function websocketRoutes(app: App, application: Application, sockets: Sockets): void {
  pushRoutes(app, application, sockets);
  customEventRoutes(app, application, sockets);
  readRoutes(app, application, sockets);
  disconnectRoute(app, application, sockets);
}

const config = { unlogged: true, problems: [403, 404, 422] };

function pushSchema(summary: string) {
  return { tags, summary, querystring: SendQuery, response: { 202: Delivered } };
}

function pushRoutes(app: App, application: Application, sockets: Sockets): void {
  for (const { path, summary, event, body, receivers } of PUSH_ROUTES) {
    for (const { path: receiver, label, params, address } of receivers) {
      const schema = { ...pushSchema(`${summary} to ${label}`), params: Type.Object({ ...params }), body };
      app.post(`/websocket/${path}/${receiver}`, { config, schema }, async (request, reply) => {
        const to = address(request.params as Params);
        const push = { to, name: event, data: request.body, ...request.query };
        reply.code(202);
        return { delivered: await pushToSockets(application, sockets, userOf(request), push) };
      });
    }
  }
}

function customEventRoutes(app: App, application: Application, sockets: Sockets): void {
  for (const { path, label, params: ids, address } of [client, room, everyone, ticket]) {
    const params = Type.Object({ ...ids, eventName: EventName });
    const schema = { ...pushSchema(`Send an event of your own to ${label}`), params, body: AnyObject };
    app.post(`/websocket/event/${path}/:eventName`, { config, schema }, async (request, reply) => {
      const to = address(request.params as Params);
      const push = { to, name: request.params.eventName, data: request.body, ...request.query };
      reply.code(202);
      return { delivered: await pushCustomEvent(application, sockets, userOf(request), push) };
    });
  }
  app.post(
    '/websocket/event/users/:eventName',
    {
      config,
      schema: {
        ...pushSchema('Send an event of your own to several users'),
        params: Type.Object({ eventName: EventName }),
        body: UsersBody,
      },
    },
    async (request, reply) => {
      const { userIds: users, data } = request.body;
      const push = { to: { users }, name: request.params.eventName, data, ...request.query };
      reply.code(202);
      return { delivered: await pushCustomEvent(application, sockets, userOf(request), push) };
    },
  );
}

function readRoutes(app: App, application: Application, sockets: Sockets): void {
  app.get(
    '/websocket/status',
    {
      config: { problems: [403] },
      schema: { tags, summary: 'Read how many are connected', response: { 200: SocketsStatus } },
    },
    (request) => getSocketsStatus(sockets, userOf(request)),
  );
  app.get(
    '/websocket/clients',
    {
      config: { problems: [403] },
      schema: { tags, summary: 'List who is connected', querystring: ListQuery, response: { 200: Clients } },
    },
    async (request) => {
      const { cursor, limit = 100 } = request.query;
      const range = { limit, ...(cursor !== undefined && { after: cursor }) };
      const { clients, more } = await listClients(sockets, userOf(request), range);
      return { clients, nextCursor: more ? (clients.at(-1)?.clientId ?? null) : null };
    },
  );
  app.get(
    '/websocket/clients/:clientId/status',
    {
      config: { problems: [403] },
      schema: {
        tags,
        summary: 'Read whether a client is connected, and with how many sockets',
        params: Type.Object({ clientId: ClientId }),
        response: { 200: ClientStatus },
      },
    },
    async (request) => {
      const { clientId } = request.params;
      const clients = await findClients(application, sockets, userOf(request), clientId);
      return { clientId, connected: clients.length > 0, connections: clients.length, clients };
    },
  );
}

function disconnectRoute(app: App, application: Application, sockets: Sockets): void {
  app.delete(
    '/websocket/clients/:clientId',
    {
      config: { unlogged: true, problems: [403, 404] },
      schema: {
        tags,
        summary: 'Disconnect a client: one socket, or all of a user',
        params: Type.Object({ clientId: ClientId }),
        response: { 202: Delivered },
      },
    },
    async (request, reply) => {
      const delivered = await disconnectClients(application, sockets, userOf(request), request.params.clientId);
      reply.code(202);
      return { delivered };
    },
  );
}
