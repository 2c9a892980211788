/**
 * How answers are described: as JSON Schema, which Fastify serializes by, so that what is not named here does not leave the
 * server, and which the OpenAPI document shows. A title makes it a schema of its own there.
 */
import Type, { type TUnsafe } from 'typebox';

export type Schema = Readonly<Record<string, unknown>>;

export const text: Schema = { type: 'string' };
export const count: Schema = { type: 'integer' };
export const flag: Schema = { type: 'boolean' };
export const time: Schema = { type: 'string', format: 'date-time' };
export const textOrNull: Schema = { type: ['string', 'null'] };
/** Any JSON object. */
export const anything: Schema = { type: 'object', additionalProperties: true };

export function described(schema: Schema, description: string): Schema {
  return { ...schema, description };
}

export function oneOf(values: readonly string[]): Schema {
  return { type: 'string', enum: [...values] };
}

export function listOf(items: Schema): Schema {
  return { type: 'array', items };
}

/** An object with these fields, all of them unless they are named as optional, and no others. */
export function object(properties: Readonly<Record<string, Schema>>, optional: readonly string[] = []): Schema {
  const required = Object.keys(properties).filter((name) => !optional.includes(name));
  return { type: 'object', additionalProperties: false, required, properties };
}

/** Not checked against `T`: the tests compare answers with the document. */
export function answer<T>(schema: Schema, description: string, title?: string): TUnsafe<T> {
  return Type.Unsafe<T>({ ...(title !== undefined && { title }), ...schema, description });
}

/** As part of another answer. */
export function named(title: string, schema: Schema): Schema {
  return { title, ...schema };
}

export const NoContent = Type.Null({ description: 'Done; there is nothing to show' });
