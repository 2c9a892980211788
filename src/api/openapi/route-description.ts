/**
 * Builds the OpenAPI description of a route: its own schemas, and the headers and refusals that follow from its kind. A
 * command takes an idempotency key and answers with a position, a read takes a position, a versioned resource has an
 * ETag.
 */
import type { FastifySchema, RouteOptions } from 'fastify';
import { Problem } from '../../contract/problem.ts';

interface Header {
  readonly name: string;
  readonly description: string;
  readonly schema: object;
}

const text = (maxLength: number) => ({ type: 'string', maxLength });

const IDEMPOTENCY_KEY: Header = {
  name: 'Idempotency-Key',
  description: 'Names this command: the same key again gets the first outcome; with a different request it gets 422',
  schema: text(128),
};
const IF_MATCH: Header = {
  name: 'If-Match',
  description: 'The ETag that the command is meant for; refused with 412 when the resource has another by now',
  schema: text(32),
};
const MIN_POSITION: Header = {
  name: 'Deskwire-Min-Position',
  description: 'A Deskwire-Position that the answer must contain',
  schema: { type: 'integer', minimum: 0 },
};
const POSITION: Header = {
  name: 'Deskwire-Position',
  description: 'Position of the command in the log; 0 when it changed nothing',
  schema: { type: 'integer' },
};
const EPOCH: Header = {
  name: 'Deskwire-Epoch',
  description: 'The history in which versions count; pass it to `subscribe`',
  schema: { type: 'string' },
};
const ETAG: Header = { name: 'ETag', description: 'The version, for If-Match', schema: { type: 'string' } };
const LOCATION: Header = { name: 'Location', description: 'Address of the new resource', schema: { type: 'string' } };

const REFUSALS: Readonly<Record<number, string>> = {
  400: 'Something in the request is wrong; `field` names it',
  401: 'The token is missing or not valid',
  403: 'You may see it, but not do this',
  404: 'It does not exist, or you may not see it',
  409: 'Its state does not allow it',
  412: 'It has another version than If-Match names',
  413: 'The body is too large',
  415: 'The type of the body is not accepted here',
  422: 'The Idempotency-Key was used for another request, or an event name cannot be used',
  429: 'Too many requests; see Retry-After',
  500: 'Something went wrong on our side',
  503: 'A service that we need is not available; see Retry-After',
};

/** Returns the schema that the OpenAPI document shows for `route`. A hidden route stays hidden. */
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
  const requestHeaders = [
    command && IDEMPOTENCY_KEY,
    takesIfMatch && IF_MATCH,
    authenticated && method === 'GET' && MIN_POSITION,
  ];
  const answerHeaders = [
    command && POSITION,
    authenticated && !linked && method === 'GET' && EPOCH,
    etag && ETAG,
    method === 'POST' && etag && LOCATION,
  ];
  return {
    ...schema,
    operationId: operationId(method, route.url),
    headers: headersOf(present(requestHeaders)),
    response: {
      ...withHeaders(schema.response, present(answerHeaders)),
      ...problemsOf(statusesOf(route, { command, takesIfMatch }), schema.response),
    },
    ...(file !== undefined && { consumes: ['multipart/form-data'], body: formOf(file) }),
    ...(authenticated && { security: linked ? [{ bearer: [] }, { link: [] }] : [{ bearer: [] }] }),
  };
}

/** For the document only: the route itself reads and checks the upload while it arrives. */
function formOf(part: string): object {
  const content = { type: 'string', contentMediaType: 'application/octet-stream' };
  return { type: 'object', required: [part], properties: { [part]: content } };
}

function present(headers: readonly (Header | false)[]): Header[] {
  return headers.filter((header) => header !== false);
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

function headersOf(headers: readonly Header[]): object {
  const properties = headers.map(({ name, description, schema }) => [name, { ...schema, description }]);
  return { type: 'object', properties: Object.fromEntries(properties) };
}

function withHeaders(response: unknown, given: readonly Header[]): object {
  const headers = Object.fromEntries(given.map(({ name, description, schema }) => [name, { ...schema, description }]));
  const entries = Object.entries(response ?? {}).map(([status, schema]) => [
    status,
    status.startsWith('2') ? { ...schema, headers } : schema,
  ]);
  return Object.fromEntries(entries);
}

/** Leaves out the statuses for which the route has a response schema of its own. */
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
