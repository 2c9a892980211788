/**
 * The AsyncAPI 3 document of the sockets, made from the dialect tables: a channel for each namespace, with every
 * request that it takes and every event that it sends. Source:
 * https://www.asyncapi.com/docs/reference/specification/v3.0.0.
 *
 * The schemas of events are closed in the tables, for our own tests. In the document they are open, because later
 * versions may add fields.
 */
import type { TSchema } from 'typebox';
import type { AsyncApiChannel, AsyncApiDocument, AsyncApiOperation } from '../contract/asyncapi.ts';
import { Refusal } from '../contract/problem.ts';
import { catalogOf, type NamespaceCatalog } from './dialects/catalog.ts';
import type { Dialect } from './dialects/dialect.ts';
import type { Request } from './dialects/request.ts';

const DESCRIPTION = `Socket.IO, over websocket and long-polling; a channel is a namespace. A client shows its token in
\`auth.token\` of the handshake, or as \`Authorization: Bearer\`. Every request takes one payload and an optional ack, which
answers \`{success: true, …}\` or \`{success: false, error}\`; without an ack, failures come as the event \`error\`.`;

export function createAsyncApi(dialects: readonly Dialect[], version: string): AsyncApiDocument {
  const catalog = [...catalogOf(dialects).values()];
  return {
    asyncapi: '3.0.0',
    info: { title: 'Deskwire sockets', version, description: DESCRIPTION },
    defaultContentType: 'application/json',
    channels: Object.fromEntries(catalog.map((one) => [channelId(one), channelOf(one)])),
    operations: Object.assign({}, ...catalog.map(operationsOf)),
    components: {
      schemas: { Refusal: opened(Refusal) },
      securitySchemes: { token: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } },
    },
  };
}

function channelId({ namespace }: NamespaceCatalog): string {
  return namespace === '/' ? 'root' : namespace.slice(1).replaceAll('/', '.');
}

function channelOf({ namespace, dialects, requests, events }: NamespaceCatalog): AsyncApiChannel {
  const names = dialects.map(({ name }) => name).join(', ');
  const messages = Object.fromEntries([
    ...[...requests].map(([name, { payload }]) => [`${name}.request`, { name, title: name, payload: plain(payload) }]),
    ...[...requests].map(([name, request]) => [
      `${name}.ack`,
      { name, title: `ack of ${name}`, payload: ackOf(request) },
    ]),
    ...[...events].map(([name, payload]) => [`${name}.event`, { name, title: name, payload: opened(payload) }]),
  ]);
  return { address: namespace, title: `Namespace ${namespace}`, description: `Dialects: ${names}`, messages };
}

/** The operations of the application, as the specification defines them: it receives requests and sends events. */
function operationsOf(one: NamespaceCatalog): Record<string, AsyncApiOperation> {
  const id = channelId(one);
  const channel = { $ref: `#/channels/${id}` };
  const refTo = (message: string) => ({ $ref: `#/channels/${id}/messages/${pointer(message)}` });
  const operations: Record<string, AsyncApiOperation> = {};
  for (const name of one.requests.keys()) {
    const reply = { channel, messages: [refTo(`${name}.ack`)] };
    operations[`${id}.receive.${name}`] = { action: 'receive', channel, messages: [refTo(`${name}.request`)], reply };
  }
  for (const name of one.events.keys()) {
    operations[`${id}.send.${name}`] = { action: 'send', channel, messages: [refTo(`${name}.event`)] };
  }
  return operations;
}

function pointer(key: string): string {
  return encodeURIComponent(key.replaceAll('~', '~0').replaceAll('/', '~1'));
}

function ackOf({ reply }: Request): unknown {
  const fields = { type: 'object', required: ['success'], properties: { success: { const: true } } };
  const error = { $ref: '#/components/schemas/Refusal' };
  const refused = { type: 'object', required: ['success', 'error'], properties: { success: { const: false }, error } };
  return { oneOf: [{ allOf: [fields, opened(reply)] }, refused] };
}

/** A schema as plain JSON. */
function plain(schema: TSchema): unknown {
  return JSON.parse(JSON.stringify(schema));
}

function opened(schema: TSchema): unknown {
  return JSON.parse(JSON.stringify(schema), (key, value) =>
    key === 'additionalProperties' && value === false ? undefined : value,
  );
}
