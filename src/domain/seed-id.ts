/**
 * Ids as seed A writes them: JSON numbers where they are canonical decimal integers, else strings; read back, both
 * forms name the same thing. Source: docs/protocol.md, Conventions.
 */

/** Canonical: what Number and String turn into each other without loss. 15 digits are always safe integers. */
const CANONICAL = /^(0|[1-9]\d{0,14})$/;

export function seedId(id: string): string | number {
  return CANONICAL.test(id) ? Number(id) : id;
}

/** The same for what may be absent. */
export function seedIdOrNull(id: string | null): string | number | null {
  return id === null ? null : seedId(id);
}
