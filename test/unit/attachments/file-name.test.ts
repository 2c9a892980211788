import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { safeFileName } from '../../../src/attachments/file-name.ts';

/** Arbitrary text, with more dangerous characters than chance would give. */
const hostile = fc
  .array(
    fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom('/', '\\', '..', '\0', '\r\n', '\u202E', '\u200b', '"', '%', '.', ' ', 'con', '.html', '\ud800'),
    ),
  )
  .map((parts) => parts.join(''));

describe('a safe file name', () => {
  it('is never a path, never hides a character, and fits every file system', () => {
    fc.assert(
      fc.property(hostile, (given) => {
        const name = safeFileName(given, ['png']);
        expect(name).not.toMatch(/[/\\<>:"|?*\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
        expect(name.isWellFormed()).toBe(true);
        expect(name).not.toMatch(/^[. ]|[. ]$|^(con|prn|aux|nul)\./i);
        expect(Buffer.byteLength(name)).toBeLessThanOrEqual(255);
      }),
      { numRuns: 2_000 },
    );
  });

  it('ends in an extension of the file’s type, and is unchanged when it is made safe again', () => {
    fc.assert(
      fc.property(hostile, (given) => {
        const name = safeFileName(given, ['jpg', 'jpeg']);
        expect(name).toMatch(/.\.jpe?g$/i);
        expect(safeFileName(name, ['jpg', 'jpeg'])).toBe(name);
      }),
      { numRuns: 2_000 },
    );
  });

  it.each([
    ['', 'file.png'],
    ['...', 'file.png'],
    ['.png', 'png.png'],
    ['a.PNG', 'a.PNG'],
    ['a.png.exe', 'a.png.exe.png'],
    ['e\u0301.png', 'é.png'],
  ])('of %j is %s', (given, name) => {
    expect(safeFileName(given, ['png'])).toBe(name);
  });
});
