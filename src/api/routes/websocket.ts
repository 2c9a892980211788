/**
 * Seed C's relay over HTTP, which seed D's service calls map onto as well: sends events to connected sockets, and tells
 * who is connected. For services and admins. Nothing here is durable: who is not connected is not reached, and
 * `delivered` says how many sockets were. Source: docs/protocol.md section 6.
 */
import type { FastifyRequest } from 'fastify';
import Type from 'typebox';
import type { Application } from '../../application/application.ts';
import { requireFanOut } from '../../application/fan-out.ts';
import {
  findClientTarget,
  findTicketTarget,
  type SocketControl,
  type SocketTarget,
  unknownClient,
} from '../../application/socket-control.ts';
import { IdField, MessageField, RoomNameField, TicketIdField, TitleField } from '../../contract/fields.ts';
import { LIMITS } from '../../contract/limits.ts';
import { ClientStatus, Clients, Delivered, type PushedEventName, SocketsStatus } from '../../contract/sockets.ts';
import { mayDisconnectClients, mayPushToSockets, requirePermission } from '../../domain/access.ts';
import { DeskwireError } from '../../domain/errors.ts';
import { ONE_LINE } from '../../domain/text.ts';
import type { App } from '../app.ts';
import { userOf } from '../requests.ts';

/** Undefined as long as the sockets are not there yet. */
export type Sockets = () => SocketControl | undefined;

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

/** Where something is sent. */
interface Where {
  readonly path: string;
  readonly to: string;
  readonly params: Readonly<Record<string, Type.TSchema>>;
  target(params: Params): SocketTarget | Promise<SocketTarget>;
}

type Params = Readonly<Record<string, string>>;

/** An event with a name and a body of its own. */
interface What {
  readonly path: string;
  readonly says: string;
  readonly event: PushedEventName;
  readonly body: Type.TSchema;
  readonly where: readonly Where[];
}

export function websocketRoutes(app: App, application: Application, sockets: Sockets): void {
  const client: Where = {
    path: 'client/:clientId',
    to: 'a client',
    params: { clientId: ClientId },
    target: ({ clientId = '' }) => findClientTarget(application, clientId),
  };
  const room: Where = {
    path: 'room/:roomName',
    to: 'a room',
    params: { roomName: RoomNameField },
    target: ({ roomName = '' }) => ({ room: roomName }),
  };
  const everyone: Where = { path: 'broadcast', to: 'everyone', params: {}, target: () => ({ everyone: true }) };
  const ticket: Where = {
    path: 'ticket/:ticketId',
    to: 'those who are in a ticket',
    params: { ticketId: TicketIdField },
    target: ({ ticketId = '' }) => findTicketTarget(application, ticketId),
  };
  const bare: Where = { ...client, path: ':clientId' };

  const table: readonly What[] = [
    {
      ...{ path: 'notify', says: 'Send a notification', event: 'notification', body: NotificationBody },
      where: [client, room, everyone],
    },
    { path: 'chat', says: 'Send a chat message', event: 'chatMessage', body: AnyObject, where: [client, room] },
    ...whatsapp(bare),
    {
      ...{ path: 'conversation', says: 'Send a conversation update', event: 'conversationUpdate', body: AnyObject },
      where: [bare],
    },
  ];
  for (const { path, says, event, body, where } of table) {
    for (const one of where) {
      const schema = { ...sending(`${says} to ${one.to}`), params: Type.Object({ ...one.params }), body };
      app.post(`/websocket/${path}/${one.path}`, { config, schema }, async (request, reply) => {
        const control = permitted(request, sockets);
        reply.code(202);
        return deliver(control, await one.target(request.params as Params), event, request.body, request.query);
      });
    }
  }
  for (const one of [client, room, everyone, ticket]) {
    const params = Type.Object({ ...one.params, eventName: EventName });
    const schema = { ...sending(`Send an event of your own to ${one.to}`), params, body: AnyObject };
    app.post(`/websocket/event/${one.path}/:eventName`, { config, schema }, async (request, reply) => {
      const control = permitted(request, sockets);
      const name = customName(control, request.params.eventName);
      reply.code(202);
      return deliver(control, await one.target(request.params as Params), name, request.body, request.query);
    });
  }
  app.post(
    '/websocket/event/users/:eventName',
    {
      config,
      schema: {
        ...sending('Send an event of your own to several users'),
        params: Type.Object({ eventName: EventName }),
        body: UsersBody,
      },
    },
    async (request, reply) => {
      const control = permitted(request, sockets);
      const name = customName(control, request.params.eventName);
      const { userIds: users, data } = request.body;
      requireFanOut({ data }, new Set(users).size);
      reply.code(202);
      return deliver(control, { users }, name, data, request.query);
    },
  );
  readRoutes(app, application, sockets);
  endingRoute(app, application, sockets);
}

const config = { unlogged: true, problems: [403, 404, 422] };

function sending(summary: string) {
  return { tags, summary, querystring: SendQuery, response: { 202: Delivered } };
}

function whatsapp(where: Where): What[] {
  const common = { body: AnyObject, where: [where] };
  return [
    { path: 'whatsapp/status', says: 'Send a WhatsApp status', event: 'whatsappStatusUpdate', ...common },
    { path: 'whatsapp/message', says: 'Send a WhatsApp message', event: 'whatsappMessageUpdate', ...common },
  ];
}

function readRoutes(app: App, application: Application, sockets: Sockets): void {
  app.get(
    '/websocket/status',
    {
      config: { problems: [403] },
      schema: { tags, summary: 'Read how many are connected', response: { 200: SocketsStatus } },
    },
    (request) => permitted(request, sockets).status(),
  );
  app.get(
    '/websocket/clients',
    {
      config: { problems: [403] },
      schema: { tags, summary: 'List who is connected', querystring: ListQuery, response: { 200: Clients } },
    },
    async (request) => {
      const control = permitted(request, sockets);
      const { cursor, limit = 100 } = request.query;
      const { clients, more } = await control.clients({ limit, ...(cursor !== undefined && { after: cursor }) });
      return { clients, nextCursor: more ? (clients.at(-1)?.clientId ?? null) : null };
    },
  );
  app.get(
    '/websocket/clients/:clientId/status',
    {
      config: { problems: [403] },
      schema: {
        ...{ tags, summary: 'Read whether a client is connected, and with how many sockets' },
        params: Type.Object({ clientId: ClientId }),
        response: { 200: ClientStatus },
      },
    },
    async (request) => {
      const control = permitted(request, sockets);
      const { clientId } = request.params;
      const target = await findClientTarget(application, clientId);
      const clients = 'client' in target ? [await control.client(target.client)] : await control.clientsOf(target.user);
      const found = clients.filter((one) => one !== undefined);
      if ('client' in target && found.length === 0) throw unknownClient();
      return { clientId, connected: found.length > 0, connections: found.length, clients: found };
    },
  );
}

function endingRoute(app: App, application: Application, sockets: Sockets): void {
  app.delete(
    '/websocket/clients/:clientId',
    {
      config: { unlogged: true, problems: [403, 404] },
      schema: {
        ...{ tags, summary: 'Disconnect a client: one socket, or all of a user' },
        params: Type.Object({ clientId: ClientId }),
        response: { 202: Delivered },
      },
    },
    async (request, reply) => {
      requirePermission(mayDisconnectClients(userOf(request)), 'Only admins may disconnect clients');
      const target = await findClientTarget(application, request.params.clientId);
      const delivered = await permitted(request, sockets).disconnect(target);
      if (delivered === undefined) throw unknownClient();
      reply.code(202);
      return { delivered };
    },
  );
}

function permitted(request: FastifyRequest, sockets: Sockets): SocketControl {
  requirePermission(mayPushToSockets(userOf(request)), 'Only services and admins may use the relay');
  const control = sockets();
  if (control === undefined) throw new DeskwireError('unavailable', 'Not started yet', { retryAfter: 1 });
  return control;
}

async function deliver(
  control: SocketControl,
  target: SocketTarget,
  name: string,
  data: unknown,
  { excludeUserId }: { readonly excludeUserId?: string },
): Promise<{ delivered: number }> {
  const delivered = await control.send(target, { name, data }, excludeUserId);
  if (delivered === undefined) throw unknownClient();
  return { delivered };
}

const CUSTOM_NAME = /^[A-Za-z][A-Za-z0-9_.:-]{0,63}$/;

/** The name, when it means nothing to clients yet. */
function customName({ takenNames }: SocketControl, name: string): string {
  if (CUSTOM_NAME.test(name) && !takenNames.has(name)) return name;
  const problem = takenNames.has(name)
    ? 'This event has a meaning of its own'
    : 'An event name is a letter and up to 63 letters, digits and _ . : -';
  throw new DeskwireError('unusable_event_name', problem, { field: 'eventName' });
}
