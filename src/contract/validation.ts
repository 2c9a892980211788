/**
 * The one check of everything that clients send, over HTTP and sockets: first the rules for all values, then the
 * schema. It converts and removes nothing. A value is accepted as it is, or refused with one error that names the field
 * as the client wrote it.
 */
import type { Static, TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import { DeskwireError } from '../domain/errors.ts';
import { textFault } from '../domain/text.ts';

/** Keys through which careless code would change the prototype of an object. */
const PROTOTYPE_KEYS: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);
/** Levels of nesting. No schema is deeper, and every recursion can follow. */
const MAX_DEPTH = 32;

export type Validator<T> = (value: unknown) => T;

/** Returns the value itself, typed. The validator throws DeskwireError `invalid_payload`. */
export function validator<S extends TSchema>(schema: S): Validator<Static<S>> {
  const compiled = Compile(schema);
  return (value) => {
    refuseHostile(value, '', 0);
    if (compiled.Check(value)) return value;
    throw invalid(compiled.Errors(value));
  };
}

/**
 * Throws DeskwireError `invalid_payload` for a string that is not text, a number that is not finite
 * (`exact-numbers.ts` replaces numbers that a double cannot hold), a prototype key, and too many levels.
 */
function refuseHostile(value: unknown, path: string, depth: number): void {
  if (typeof value === 'string') {
    const fault = textFault(value);
    if (fault !== undefined) throw refusal(path, fault);
    return;
  }
  if (typeof value === 'number' && !Number.isFinite(value))
    throw refusal(path, 'is a number that cannot be held exactly');
  if (typeof value !== 'object' || value === null) return;
  if (depth === MAX_DEPTH) throw refusal(path, 'is nested too deeply');
  for (const key of Object.keys(value)) {
    const at = childOf(path, key);
    if (PROTOTYPE_KEYS.has(key)) throw refusal(at, 'is not allowed');
    if (textFault(key) !== undefined) throw refusal(path === '' ? at : path, 'has a name that is not text');
    refuseHostile((value as Record<string, unknown>)[key], at, depth + 1);
  }
}

interface SchemaError {
  readonly keyword: string;
  readonly instancePath: string;
  readonly params: object;
  readonly message: string;
}

/** Chooses one error: an unknown or missing field by its name, else the first error. */
function invalid(errors: readonly SchemaError[]): DeskwireError {
  for (const error of errors) {
    if (error.keyword === 'additionalProperties') {
      return refusal(child(error, firstOf(error.params, 'additionalProperties')), 'is not a known field');
    }
  }
  const union = errors.find((error) => error.keyword === 'anyOf');
  const error = union ?? errors[0];
  if (error === undefined) return refusal('', 'is not valid');
  switch (error.keyword) {
    case 'required':
      return refusal(child(error, firstOf(error.params, 'requiredProperties')), 'is required');
    case 'enum':
      return refusal(pathOf(error), `must be one of ${listOf(error.params, 'allowedValues').join(', ')}`);
    case 'pattern':
      return refusal(pathOf(error), 'does not have the expected form');
    case 'anyOf':
      return refusal(pathOf(error), alternatives(errors, error));
    default:
      return refusal(pathOf(error), error.message);
  }
}

/** The alternatives of a union, for a value that fits none of them. */
function alternatives(errors: readonly SchemaError[], union: SchemaError): string {
  const within = errors.filter((error) => error !== union && error.instancePath === union.instancePath);
  return within.length > 0 ? within.map((error) => error.message).join(' or ') : union.message;
}

function refusal(field: string, problem: string): DeskwireError {
  const name = field === '' ? 'The request' : field;
  return new DeskwireError('invalid_payload', `${name} ${problem}`, field === '' ? {} : { field });
}

/** `/data/priority` as clients write it: `data.priority`. */
function pathOf(error: SchemaError): string {
  return error.instancePath.slice(1).replaceAll('/', '.').replaceAll('~1', '/').replaceAll('~0', '~');
}

function child(error: SchemaError, key: string): string {
  return childOf(pathOf(error), key);
}

/** A name that is not readable text is written as JSON. */
function childOf(path: string, key: string): string {
  const name = key !== '' && textFault(key) === undefined ? key : JSON.stringify(key);
  return path === '' ? name : `${path}.${name}`;
}

function listOf(params: object, name: string): string[] {
  const list: unknown = (params as Record<string, unknown>)[name];
  return Array.isArray(list) ? list.map(String) : [];
}

function firstOf(params: object, name: string): string {
  return listOf(params, name)[0] ?? '';
}
