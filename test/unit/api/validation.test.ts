import Type from 'typebox';
import { describe, expect, it } from 'vitest';
import { PostMessageBody } from '../../../src/contract/fields.ts';
import { validator } from '../../../src/contract/validation.ts';
import { DeskwireError } from '../../../src/domain/errors.ts';

const validate = validator(PostMessageBody);

function refusalOf(act: () => unknown): { code: string; field: string | undefined } {
  try {
    act();
  } catch (error) {
    if (error instanceof DeskwireError) return { code: error.code, field: error.field };
    throw error;
  }
  throw new Error('it was accepted');
}

describe('the validation of client input', () => {
  it('returns valid input unchanged', () => {
    const body = { message: 'line one\nline two\ttabbed\n🙂', internal: false };
    expect(validate(body)).toBe(body);
  });

  it.each([
    ['a missing field', {}, 'message'],
    ['an unknown field', { message: 'a', colour: 'red' }, 'colour'],
    ['a wrong type', { message: 1 }, 'message'],
    ['a number for a boolean', { message: 'a', internal: 1 }, 'internal'],
    ['text for a boolean', { message: 'a', internal: 'true' }, 'internal'],
    ['a value that is not one of several', { message: 'a', messageType: 'SYSTEM' }, 'messageType'],
    ['a text that is too long', { message: 'x'.repeat(10_001) }, 'message'],
    ['a NUL', { message: 'a\u0000b' }, 'message'],
    ['an escape character', { message: '\u001b[2J' }, 'message'],
    ['a carriage return', { message: 'a\r\nb' }, 'message'],
    ['a control sequence of one character', { message: 'a\u009b2J' }, 'message'],
    ['nothing visible', { message: '\u200b' }, 'message'],
    ['a line break in an id', { message: 'a', clientMessageId: 'a\nb' }, 'clientMessageId'],
    ['half a surrogate pair', { message: '\ud83d' }, 'message'],
    ['__proto__', JSON.parse('{"message": "a", "__proto__": {"admin": true}}'), '__proto__'],
    ['constructor', { message: 'a', constructor: { prototype: {} } }, 'constructor'],
    ['a wrong element', { message: 'a', attachments: ['one', {}] }, 'attachments.1'],
    ['too many elements', { message: 'a', attachments: Array.from({ length: 11 }, () => 'a') }, 'attachments'],
    ['an array for an object', [], undefined],
    ['null for an object', null, undefined],
    ['text for an object', 'message', undefined],
  ])('refuses %s and names the field', (_what, value, field) => {
    expect(refusalOf(() => validate(value))).toEqual({ code: 'invalid_payload', field });
  });

  it('checks free-form fields as well', () => {
    const free = validator(Type.Object({ data: Type.Record(Type.String(), Type.Unknown()) }));
    const polluted: unknown = JSON.parse('{"data": {"a": [{"__proto__": 1}]}}');
    expect(refusalOf(() => free(polluted)).field).toBe('data.a.0.__proto__');
    expect(refusalOf(() => free({ data: { a: ['\u0007'] } })).field).toBe('data.a.0');
    expect(refusalOf(() => free({ data: { 'a\u0000': 1 } })).field).toBe('data');
  });

  it('refuses nesting that is deep enough to exhaust the stack', () => {
    const free = validator(Type.Object({ data: Type.Unknown() }));
    const deep: unknown = JSON.parse(`{"data": ${'['.repeat(50_000)}${']'.repeat(50_000)}}`);
    expect(refusalOf(() => free(deep)).code).toBe('invalid_payload');
  });
});
