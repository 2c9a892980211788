/**
 * Parses and validates bodies, queries and path parameters: UTF-8 and nothing else, strict JSON, then the validator
 * that sockets use too. Only queries are converted, because they are text by nature, and only a value whose whole text
 * is a number or a boolean.
 *
 * All of this runs after authentication and before any use case, so every route refuses in the same order: 401, then
 * 415 and 400, then 404 and 403.
 */
import type { FastifyInstance, FastifySchemaCompiler } from 'fastify';
import Type, { type TSchema } from 'typebox';
import { parseJson } from '../contract/exact-numbers.ts';
import { validator } from '../contract/validation.ts';
import { DeskwireError } from '../domain/errors.ts';

export function handleInput(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body, done) => {
    try {
      requireUtf8(request.headers['content-type']);
      // An absent body counts as an empty object, so that the refusal names the missing field.
      done(null, body.length === 0 ? {} : jsonIn(body as Buffer));
    } catch (error) {
      done(error as Error);
    }
  });
  app.addHook('preParsing', async ({ headers }) => requireUnencoded(headers['content-encoding']));
  app.addHook('preValidation', async ({ url }) => requireUtf8Query(url));
  app.setValidatorCompiler(compile);
}

function jsonIn(body: Buffer): unknown {
  let text: string;
  try {
    // A byte order mark is kept, so that JSON refuses it.
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(body);
  } catch (cause) {
    throw new DeskwireError('invalid_payload', 'The body is not valid UTF-8', { field: 'body', cause });
  }
  try {
    return parseJson(text);
  } catch (cause) {
    throw new DeskwireError('invalid_payload', 'The body is not valid JSON', { field: 'body', cause });
  }
}

/** Throws `unsupported_media_type` for a content type that declares another charset than UTF-8. */
export function requireUtf8(contentType: string | undefined): void {
  const [, charset] = /;\s*charset\s*=\s*"?([^\s";]*)/i.exec(contentType ?? '') ?? [];
  if (charset === undefined || /^utf-?8$/i.test(charset)) return;
  throw new DeskwireError('unsupported_media_type', 'Send text in UTF-8', { field: 'Content-Type' });
}

function requireUnencoded(contentEncoding: string | undefined): void {
  if (contentEncoding === undefined || contentEncoding.trim().toLowerCase() === 'identity') return;
  throw new DeskwireError('unsupported_media_type', 'Send the body without an encoding', { field: 'Content-Encoding' });
}

/** Fastify takes bytes that are not UTF-8 for text. In a path it refuses them by itself. */
function requireUtf8Query(url: string): void {
  const query = url.slice(url.indexOf('?') + 1);
  if (query.length === url.length || !query.includes('%')) return;
  for (const pair of query.split('&')) {
    try {
      decodeURIComponent(pair);
    } catch (cause) {
      const [name = ''] = pair.split('=', 1);
      throw new DeskwireError('invalid_payload', 'The query is not valid UTF-8', {
        field: /^[\w.-]{1,64}$/.test(name) ? name : 'query',
        cause,
      });
    }
  }
}

const compile: FastifySchemaCompiler<TSchema> = ({ schema, httpPart }) => {
  const validate = validator(schema);
  const prepare = httpPart === 'querystring' ? converterOf(schema) : httpPart === 'body' ? orEmpty : unchanged;
  return (value: unknown) => {
    try {
      return { value: validate(prepare(value)) };
    } catch (error) {
      if (error instanceof DeskwireError) return { error };
      throw error;
    }
  };
};

const unchanged = (value: unknown) => value;
const orEmpty = (value: unknown) => value ?? {};

function converterOf(schema: TSchema): (query: unknown) => unknown {
  const properties: Record<string, TSchema> = Type.IsObject(schema) ? schema.properties : {};
  return (query) => {
    if (typeof query !== 'object' || query === null) return query;
    const converted: Record<string, unknown> = {};
    for (const [name, value] of Object.entries(query)) {
      const property = Object.hasOwn(properties, name) ? properties[name] : undefined;
      Object.defineProperty(converted, name, { value: convert(property, value), enumerable: true });
    }
    return converted;
  };
}

function convert(schema: TSchema | undefined, value: unknown): unknown {
  if (schema === undefined || typeof value !== 'string') return value;
  if (Type.IsInteger(schema) && /^-?\d{1,15}$/.test(value)) return Number(value);
  if (Type.IsBoolean(schema) && (value === 'true' || value === 'false')) return value === 'true';
  return value;
}
