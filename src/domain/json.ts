/**
 * The last check of text and relayed JSON before they become events: the log must be able to store them, and readers
 * must be safe with them. Without this check, one bad value would fail a whole flush of the log, with the commands of
 * other users.
 */
import { DeskwireError } from './errors.ts';
import { ONE_LINE, textFault } from './text.ts';

/** Levels of nesting. A reader that calls itself for each level does not run out of stack. */
const MAX_DEPTH = 32;

/** Throws `invalid_payload` for a string that is not text (see `text.ts`). */
export function assertText(text: string, field: string): void {
  const fault = textFault(text);
  if (fault !== undefined) throw new DeskwireError('invalid_payload', `${field} ${fault}`, { field });
}

/** Throws `invalid_payload` for a string that is not text of one line. */
export function assertName(name: string, field: string): void {
  assertText(name, field);
  if (!ONE_LINE.test(name)) throw new DeskwireError('invalid_payload', `${field} must have one line`, { field });
}

/**
 * Throws `invalid_payload` for a value that is not JSON (a Buffer, a function, NaN), for one that is nested too deep,
 * and for one with text that the log cannot store or a key that would reach a prototype.
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
    // A careless reader that merges objects reaches a prototype by these two ways. Fastify refuses the same ones.
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
