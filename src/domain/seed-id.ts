/**
 * Ids as seed A writes them: a JSON number for a canonical decimal integer, else a string. Both forms of an id name the
 * same thing. Source: docs/protocol.md, Conventions.
 */

/** `Number` and `String` convert these without loss: 15 digits are always a safe integer. */
const CANONICAL = /^(0|[1-9]\d{0,14})$/;

export function seedId(id: string): string | number {
  return CANONICAL.test(id) ? Number(id) : id;
}

/** As `seedId`, for an id that may be null. */
export function seedIdOrNull(id: string | null): string | number | null {
  return id === null ? null : seedId(id);
}
