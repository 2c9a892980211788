import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DeskwireError } from '../../../src/domain/errors.ts';
import { decodeNumberCursor, decodeTextCursor, encodeCursor } from '../../../src/projections/queries/cursor.ts';

describe('a cursor', () => {
  it('is decoded to the encoded value', () => {
    expect(decodeNumberCursor('tickets', encodeCursor('tickets', 42))).toBe(42);
    expect(decodeTextCursor('users', encodeCursor('users', 'ü/1'))).toBe('ü/1');
  });

  it.each([
    ['of another list', encodeCursor('users', 42)],
    ['with a text for a number', encodeCursor('tickets', '42')],
    ['with a number that no row has', encodeCursor('tickets', 1e300)],
    ['with a fraction', encodeCursor('tickets', 1.5)],
    ['that is empty', ''],
    ['that is JSON of another shape', Buffer.from('{"0":"tickets"}').toString('base64url')],
  ])('%s is refused, and the error names its field', (_, cursor) => {
    expect(() => decodeNumberCursor('tickets', cursor)).toThrow(
      expect.objectContaining({ code: 'invalid_payload', field: 'cursor' }),
    );
  });

  it('never fails with another error, whatever a client sends', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (cursor) => {
        try {
          decodeTextCursor('users', cursor);
        } catch (error) {
          expect(error).toBeInstanceOf(DeskwireError);
        }
      }),
    );
  });
});
