/**
 * The last check before text and relayed JSON become events: that the log can hold them and that readers are safe with
 * them. One bad value would otherwise fail a whole flush of the log, other people's commands included.
 */
import { DeskwireError } from './errors.ts';
import { ONE_LINE, textFault } from './text.ts';

/** Deeper than people nest, shallow enough for the stack of whoever reads it. */
const MAX_DEPTH = 32;

/** Throws `invalid_payload` for what is not text. */
export function assertText(text: string, field: string): void {
  const fault = textFault(text);
  if (fault !== undefined) throw new DeskwireError('invalid_payload', `${field} ${fault}`, { field });
}

/** Throws `invalid_payload` for what is not text of one line. */
export function assertName(name: string, field: string): void {
  assertText(name, field);
  if (!ONE_LINE.test(name)) throw new DeskwireError('invalid_payload', `${field} must have one line`, { field });
}

/**
 * Throws `invalid_payload` for anything that is not JSON (a Buffer, a function, NaN), is nested too deep, or holds text
 * that the log cannot hold or a key that would reach a prototype.
 */
export function assertJson(value: unknown, field: string, depth = 0): void {
  switch (typeof value) {
    case 'boolean':
      return;
    case 'string':
      assertText(value, field);
      return;
    case 'number':
      if (Number.isFinite(value)) return;
      break;
    case 'object':
      if (value === null) return;
      if (depth === MAX_DEPTH) {
        throw new DeskwireError('invalid_payload', `${field} is nested too deep`, { field });
      }
      if (Array.isArray(value)) {
        for (const [index, item] of value.entries()) assertJson(item, `${field}[${index}]`, depth + 1);
        return;
      }
      if (isPlain(value)) {
        assertEntries(value, field, depth);
        return;
      }
      break;
  }
  throw new DeskwireError('invalid_payload', `${field} is not JSON`, { field });
}

function assertEntries(value: object, field: string, depth: number): void {
  for (const [key, item] of Object.entries(value)) {
    assertText(key, field);
    // The two ways to a prototype for a reader that merges or assigns carelessly; the same ones that Fastify refuses.
    const reachesPrototype =
      key === '__proto__' ||
      (key === 'constructor' && typeof item === 'object' && item !== null && Object.hasOwn(item, 'prototype'));
    if (reachesPrototype) throw new DeskwireError('invalid_payload', `${field} may not have ${key}`, { field });
    assertJson(item, `${field}.${key}`, depth + 1);
  }
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
