/** Opaque cursors: the place where a page of one kind of list ended. A cursor of another kind of list is refused. */
import { DeskwireError } from '../../domain/errors.ts';

type CursorValue = string | number;

export function encodeCursor(kind: string, value: CursorValue): string {
  return Buffer.from(JSON.stringify([kind, value])).toString('base64url');
}

/** The integer in a cursor of this kind. Throws `invalid_payload` for any other text. */
export function decodeNumberCursor(kind: string, cursor: string): number {
  const value = decode(kind, cursor);
  // The range of an integer in Postgres.
  if (typeof value !== 'number' || !Number.isInteger(value) || Math.abs(value) > 2_147_483_647) throw invalid();
  return value;
}

/** The text in a cursor of this kind. Throws `invalid_payload` for any other text. */
export function decodeTextCursor(kind: string, cursor: string): string {
  const value = decode(kind, cursor);
  // Postgres cannot store U+0000.
  if (typeof value !== 'string' || value.includes('\0')) throw invalid();
  return value;
}

function decode(kind: string, cursor: string): unknown {
  try {
    const parsed: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString());
    if (Array.isArray(parsed) && parsed.length === 2 && parsed[0] === kind) return parsed[1];
  } catch (error) {
    throw invalid(error);
  }
  throw invalid();
}

function invalid(cause?: unknown): DeskwireError {
  return new DeskwireError('invalid_payload', 'This is not a cursor of this list', { field: 'cursor', cause });
}
