/**
 * A route as the OpenAPI document tells of it: beside its own schemas, what follows from the kind of route it is. A command
 * takes an idempotency key and tells a position, a read takes one, a versioned resource has an ETag, and each may be refused
 * in the ways of its kind.
 */
import type { FastifySchema, RouteOptions } from 'fastify';
import { Problem } from '../../contract/problem.ts';

interface Part {
  readonly name: string;
  readonly description: string;
  readonly schema: object;
}

const text = (maxLength: number) => ({ type: 'string', maxLength });

const IDEMPOTENCY_KEY: Part = {
  name: 'Idempotency-Key',
  description: 'Names this command: the same key again gets the first outcome, with another request 422',
  schema: text(128),
};
const IF_MATCH: Part = {
  name: 'If-Match',
  description: 'The ETag that the command is meant for; refused with 412 when it has become another',
  schema: text(32),
};
const MIN_POSITION: Part = {
  name: 'Deskwire-Min-Position',
  description: 'A Deskwire-Position that the answer must show',
  schema: { type: 'integer', minimum: 0 },
};
const POSITION: Part = {
  name: 'Deskwire-Position',
  description: 'Where in the log the command stands; 0 when it changed nothing',
  schema: { type: 'integer' },
};
const EPOCH: Part = {
  name: 'Deskwire-Epoch',
  description: 'What the versions count in; show it to `subscribe`',
  schema: { type: 'string' },
};
const ETAG: Part = { name: 'ETag', description: 'The version, for If-Match', schema: { type: 'string' } };
const LOCATION: Part = { name: 'Location', description: 'Where it is now', schema: { type: 'string' } };

const REFUSALS: Readonly<Record<number, string>> = {
  400: 'Something in the request is wrong; `field` names it',
  401: 'No valid token',
  403: 'You see it, and may not do that',
  404: 'It does not exist, or not for you',
  409: 'Its state does not allow it',
  412: 'It has another version than If-Match names',
  413: 'The body is too large',
  415: 'The body is of a type that is not taken here',
  422: 'The Idempotency-Key was used for another request, or an event name cannot be used',
  429: 'Too often; see Retry-After',
  500: 'Something went wrong on our side',
  503: 'Something that we need is away; see Retry-After',
};

/** The schema of a route's operation. Hidden routes stay hidden. */
export function routeDescription({
  schema = {},
  route,
}: {
  schema?: FastifySchema;
  route: RouteOptions;
}): FastifySchema {
  if (schema.hide) return schema;
  const method = String(route.method);
  const { authenticated = false, etag = false, ifMatch = false, unlogged = false, linked, file } = route.config ?? {};
  const command = authenticated && method !== 'GET' && !unlogged;
  const takesIfMatch = command && (etag || ifMatch) && (route.url.includes(':') || ifMatch);
  const asked = [
    command && IDEMPOTENCY_KEY,
    takesIfMatch && IF_MATCH,
    authenticated && method === 'GET' && MIN_POSITION,
  ];
  const told = [
    command && POSITION,
    authenticated && !linked && method === 'GET' && EPOCH,
    etag && ETAG,
    method === 'POST' && etag && LOCATION,
  ];
  return {
    ...schema,
    operationId: operationId(method, route.url),
    headers: headersOf(present(asked)),
    response: {
      ...withHeaders(schema.response, present(told)),
      ...problemsOf(statusesOf(route, { command, takesIfMatch }), schema.response),
    },
    ...(file !== undefined && { consumes: ['multipart/form-data'], body: formOf(file) }),
    ...(authenticated && { security: linked ? [{ bearer: [] }, { link: [] }] : [{ bearer: [] }] }),
  };
}

/** Only told of: it is read as it comes in, and checked then. */
function formOf(part: string): object {
  const content = { type: 'string', contentMediaType: 'application/octet-stream' };
  return { type: 'object', required: [part], properties: { [part]: content } };
}

function present(parts: readonly (Part | false)[]): Part[] {
  return parts.filter((part) => part !== false);
}

function statusesOf(route: RouteOptions, { command, takesIfMatch }: { command: boolean; takesIfMatch: boolean }) {
  const { schema = {}, config = {} } = route;
  const { authenticated = false, problems = [] } = config;
  const statuses = new Set([...problems, 500, 503]);
  if (authenticated) for (const status of [400, 401, 429]) statuses.add(status);
  if (schema.params !== undefined) statuses.add(404);
  if (schema.body !== undefined || config.file !== undefined)
    for (const status of [400, 413, 415]) statuses.add(status);
  if (command) statuses.add(422);
  if (takesIfMatch) statuses.add(412);
  return [...statuses].sort((a, b) => a - b);
}

function headersOf(parts: readonly Part[]): object {
  const properties = parts.map(({ name, description, schema }) => [name, { ...schema, description }]);
  return { type: 'object', properties: Object.fromEntries(properties) };
}

function withHeaders(response: unknown, parts: readonly Part[]): object {
  const headers = Object.fromEntries(parts.map(({ name, description, schema }) => [name, { ...schema, description }]));
  const entries = Object.entries(response ?? {}).map(([status, schema]) => [
    status,
    status.startsWith('2') ? { ...schema, headers } : schema,
  ]);
  return Object.fromEntries(entries);
}

/** A status that the route answers with by itself is not a problem. */
function problemsOf(statuses: readonly number[], response: unknown): object {
  const own = new Set(Object.keys(response ?? {}));
  const content = { 'application/problem+json': { schema: Problem } };
  const entries = statuses
    .filter((status) => !own.has(String(status)))
    .map((status) => [status, { description: REFUSALS[status] ?? 'Refused', content }]);
  return Object.fromEntries(entries);
}

/** `GET /api/v1/tickets/:ticketId` is `getTicketsByTicketId`. */
function operationId(method: string, url: string): string {
  const words = url
    .replace(/^\/api(\/v1)?\//, '')
    .split(/[/._-]+/)
    .filter(Boolean)
    .map((word) => (word.startsWith(':') ? `By${capitalized(word.slice(1))}` : capitalized(word)));
  return method.toLowerCase() + words.join('');
}

function capitalized(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}
