/**
 * Parses and validates bodies, queries and path parameters: strict JSON, then the validator that sockets use too. Only
 * queries are converted, because they are text by nature, and only a value whose whole text is a number or a boolean.
 */
import type { FastifyInstance, FastifySchemaCompiler } from 'fastify';
import Type, { type TSchema } from 'typebox';
import { validator } from '../contract/validation.ts';
import { DeskwireError } from '../domain/errors.ts';

export function handleInput(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (_request, body, done) => {
    try {
      // An absent body counts as an empty object, so that the refusal names the missing field.
      done(null, body === '' ? {} : JSON.parse(String(body)));
    } catch (cause) {
      done(new DeskwireError('invalid_payload', 'The body is not valid JSON', { field: 'body', cause }));
    }
  });
  app.setValidatorCompiler(compile);
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
