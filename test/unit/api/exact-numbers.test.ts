import Type from 'typebox';
import { describe, expect, it } from 'vitest';
import { parseJson } from '../../../src/contract/exact-numbers.ts';
import { LegacyIdField, TicketIdField } from '../../../src/contract/fields.ts';
import { validator } from '../../../src/contract/validation.ts';

describe('JSON with exact numbers', () => {
  it.each([
    '9007199254740993',
    '-9007199254740993',
    '9007199254740993.0',
    '90071992547409930e-1',
    '1.0000000000000000001',
    '1e400',
    '-1e400',
    '1e-400',
    '123456789012345678901',
    '0.00000000000000000001e20000',
    '1e23',
    '-1.00000000000000000000000001e5',
  ])('takes %s for no finite number', (source) => {
    expect(parseJson(source)).toBe(Number.POSITIVE_INFINITY);
    const infinite = Number.POSITIVE_INFINITY;
    expect(parseJson(`{"a":[${source}, ${source}], "${source}": "${source}"}`)).toEqual({
      a: [infinite, infinite],
      [source]: source,
    });
    expect(parseJson(`{"a":${source},"a":${source}}`)).toEqual({ a: infinite });
  });

  it.each([
    '0',
    '-0',
    '0.1',
    '1.5',
    '1e3',
    '1E+2',
    '42.0',
    '9007199254740991',
    '9007199254740992',
    '1e20',
    '0e999',
    '2.50',
    '1e22',
    '-0.0e999',
    '9007199254740992.000',
    '18014398509481984',
    '0.12345678901234567890',
    String(2n ** 200n),
  ])('takes %s as it is', (source) => {
    expect(parseJson(source)).toBe(Number(source));
  });

  it('leaves texts alone', () => {
    expect(parseJson('{"a": "9007199254740993", "b": "1e400"}')).toEqual({ a: '9007199254740993', b: '1e400' });
    expect(parseJson(String.raw`["\\", 1e400, "\" 1e400", "\\\" 1e400"]`)).toEqual([
      '\\',
      Number.POSITIVE_INFINITY,
      '" 1e400',
      '\\" 1e400',
    ]);
  });

  it.each([
    '1e400e1',
    '01e400',
    '1-9e400',
    '--1e400',
    '1e400.',
    '.1e400',
    '+1e400',
    '1e',
    '"1e400',
    '1e400"',
    '[1e400',
  ])('refuses %s, which is no JSON', (text) => {
    expect(() => parseJson(text)).toThrow(SyntaxError);
  });

  // In quadratic time, each would take minutes.
  it.each([
    ['zeros before a digit', `1.${'0'.repeat(1_000_000)}1`],
    ['zeros', `1${'0'.repeat(1_000_000)}`],
    ['digits', '9'.repeat(1_000_000)],
    ['numbers with an exponent', `[${'1e1,'.repeat(200_000)}1]`],
    ['numbers that are rounded', `[${'1e308,'.repeat(200_000)}1]`],
    ['whole numbers that a double holds', `[${`${2 ** 60}e20,`.repeat(40_000)}1]`],
    ['a text of backslashes', `["${'\\\\'.repeat(500_000)} 1e1"]`],
  ])('reads a million characters of %s in one pass', (_what, text) => {
    expect(() => parseJson(text)).not.toThrow();
  });

  it('keeps prototype keys for the validation', () => {
    expect(Object.keys(parseJson('{"__proto__": 1e400}') as object)).toEqual(['__proto__']);
  });
});

describe('ids', () => {
  const legacy = validator(Type.Object({ id: LegacyIdField, data: Type.Optional(Type.Unknown()) }));
  const ticket = validator(Type.Object({ id: TicketIdField }));

  it('that a double rounds are refused, naming the field', () => {
    for (const id of ['9007199254740993', '1.0000000000000000001', '1e400', '1e21', '9007199254740992']) {
      expect(() => legacy(parseJson(`{"id": ${id}}`)), id).toThrow(expect.objectContaining({ field: 'id' }));
    }
    expect(() => legacy(parseJson('{"id": 1, "data": {"n": [1e999]}}'))).toThrow(
      expect.objectContaining({ field: 'data.n.0' }),
    );
    expect(legacy({ id: 9_007_199_254_740_991 })).toBeTruthy();
  });

  it('of a ticket are no numbers that a double rounds', () => {
    expect(() => ticket({ id: '9007199254740993' })).toThrow(expect.objectContaining({ field: 'id' }));
    expect(ticket({ id: '999999999999999' })).toBeTruthy();
    expect(ticket({ id: '00000000-0000-4000-8000-000000000000' })).toBeTruthy();
  });
});
