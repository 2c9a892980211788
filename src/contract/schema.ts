/**
 * The building blocks of all schemas. Objects are closed: a field that a schema does not name does not leave the
 * server. A title makes a schema a component of the OpenAPI document.
 *
 * Lists and alternatives are plain JSON Schema with a type of their own. Lists are read-only. A nullable text is one
 * `type` of two names, which Fastify serializes without trying alternatives.
 */
import Type, { type Static, type TObject, type TProperties, type TSchema } from 'typebox';

export const text = Type.String();
export const flag = Type.Boolean();
export const count = Type.Integer({ minimum: 0 });
/** RFC 3339 UTC. */
export const time = Type.String({ format: 'date-time' });
export const textOrNull = Type.Unsafe<string | null>({ type: ['string', 'null'] });
export const countOrNull = Type.Unsafe<number | null>({ type: ['integer', 'null'] });
export const anyJson = Type.Unknown();
export const anyObject = Type.Unsafe<Readonly<Record<string, unknown>>>({ type: 'object', additionalProperties: true });
/** An id as seed A writes it: a number where the id is a canonical decimal integer. */
export const seedId = Type.Unsafe<string | number>({ type: ['integer', 'string'] });
export const seedIdOrNull = Type.Unsafe<string | number | null>({ type: ['integer', 'string', 'null'] });

export interface Labels {
  readonly title?: string;
  readonly description?: string;
}

export function closed<P extends TProperties>(properties: P, labels: Labels = {}) {
  return Type.Object(properties, { ...labels, additionalProperties: false });
}

/** The value with the properties that the schema names, and no others. */
export function shown<S extends TObject>(schema: S, value: Static<S>): Static<S> {
  return Object.fromEntries(
    Object.keys(schema.properties).map((name) => [name, value[name as keyof Static<S>]]),
  ) as Static<S>;
}

export function oneOf<const T extends readonly string[]>(values: T) {
  return Type.Unsafe<T[number]>({ type: 'string', enum: [...values] });
}

export function listOf<S extends TSchema>(items: S) {
  return Type.Unsafe<readonly Static<S>[]>({ type: 'array', items });
}

export function orNull<S extends TSchema>(schema: S) {
  return Type.Unsafe<Static<S> | null>({ anyOf: [schema, { type: 'null' }] });
}

export function described<S extends TSchema>(schema: S, description: string) {
  return Type.Unsafe<Static<S>>({ ...schema, description });
}

/** A field that may be absent, and that the server may set to undefined. */
export function maybe<S extends TSchema>(schema: S) {
  return Type.Optional(Type.Unsafe<Static<S> | undefined>(schema));
}

/** A cursor of a page of results, and the page. */
export const nextCursor = described(textOrNull, 'Send it as `cursor` for the next page; null on the last');

export function pageOf<S extends TSchema>(items: S, description: string) {
  return closed({ items: listOf(items), nextCursor }, { description });
}

export const NoContent = Type.Null({ description: 'Done; there is nothing to show' });
