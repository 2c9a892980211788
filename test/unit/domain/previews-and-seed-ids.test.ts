/** How notifications show a message, and an id. */
import { describe, expect, test } from 'vitest';
import { previewOf } from '../../../src/domain/notification/preview.ts';
import { seedId, seedIdOrNull } from '../../../src/domain/seed-id.ts';
import { receipt } from './ticket-commands.ts';

describe('a preview', () => {
  const preview = (message: string, fields: Partial<Parameters<typeof previewOf>[0]> = {}) =>
    previewOf({ message, messageType: 'TEXT', attachments: [], ...fields });
  const text = (message: string) => preview(message).preview;

  test('is one line', () => {
    expect(text('  a\r\n\tb  \u0007 c ')).toBe('a b c');
  });

  test('is cut after 100 characters, never inside of one', () => {
    expect(text('x'.repeat(100))).toBe('x'.repeat(100));
    expect(text('x'.repeat(101))).toBe(`${'x'.repeat(100)}…`);
    expect(text('😀'.repeat(101))).toBe(`${'😀'.repeat(100)}…`);
    expect(text(`${'x'.repeat(99)} yz`)).toBe(`${'x'.repeat(99)}…`);
    expect(text(`${'x'.repeat(98)}👩‍👩‍👧`)).toBe(`${'x'.repeat(98)}…`);
  });

  test('names what was attached when there is no text', () => {
    const image = { messageType: 'IMAGE', attachments: [{ ...receipt, name: 'a\nb.png' }] } as const;
    const file = { sent: 'file', preview: '', count: 1, fileName: 'receipt.pdf' };
    expect(preview(' ', { attachments: [receipt] })).toEqual(file);
    expect(preview('', image)).toEqual({ sent: 'image', preview: '', count: 1, fileName: 'a b.png' });
    expect(preview('', { attachments: [receipt, receipt, receipt] })).toEqual({ ...file, count: 3 });
    expect(preview('Look', { attachments: [receipt] })).toEqual({
      sent: 'text',
      preview: 'Look',
      count: 1,
      fileName: '',
    });
  });
});

test('ids are numbers for seed A only where nothing is lost', () => {
  for (const [id, seed] of [
    ['0', 0],
    ['42', 42],
    ['999999999999999', 999999999999999],
    ['9999999999999999', '9999999999999999'],
    ['007', '007'],
    ['-1', '-1'],
    ['1.0', '1.0'],
    ['1e3', '1e3'],
    ['', ''],
    ['1\n', '1\n'],
    ['station-1', 'station-1'],
  ] as const) {
    expect(seedId(id)).toBe(seed);
  }
  expect(seedIdOrNull(null)).toBeNull();
  expect(seedIdOrNull('1')).toBe(1);
});
