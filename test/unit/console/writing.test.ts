/** Tests what is counted, sent and pasted when people write. */
import { expect, it } from 'vitest';
import { isSendKey } from '../../../console/src/writing/keys.ts';
import { pastedFrom } from '../../../console/src/writing/pasted.ts';
import { excessStart, isBlank, lengthOf, searchable, sendable } from '../../../console/src/writing/text.ts';
import { MessageField } from '../../../src/contract/fields.ts';
import { LIMITS } from '../../../src/contract/limits.ts';
import { validator } from '../../../src/contract/validation.ts';

const accepts = (text: string) => {
  try {
    return validator(MessageField)(text) === text;
  } catch {
    return false;
  }
};

it.each(['a', 'é', '👩🏽', '👨‍👩‍👧', '𝄞', 'e\u0301', 'ﷺ', '한', 'ไทย', '🇩🇪'])(
  'counts %s as the server does',
  (unit) => {
    const fitting = unit.repeat(Math.floor(LIMITS.message / lengthOf(unit)));
    const full = fitting + 'x'.repeat(LIMITS.message - lengthOf(fitting));
    for (const text of [full, `${full}x`]) expect(excessStart(text, LIMITS.message) === undefined).toBe(accepts(text));
    expect(excessStart(`${full}👩🏽`, LIMITS.message)).toBe(full.length);
  },
);

it('does not count the spaces around a message, which are not sent', () => {
  const text = `\n  ${'x'.repeat(LIMITS.message)}  `;
  expect(excessStart(text, LIMITS.message)).toBeUndefined();
  expect(text.slice(excessStart(`${text}y`, LIMITS.message))).toBe('  ');
});

it('sends only what the server takes, and all that can be seen', () => {
  expect(sendable('a\u000bb\r\nc\rd\u0000\u0007\u001b[0m\u009b\ud800')).toBe('a\nb\nc\nd[0m\ufffd');
  expect(accepts(sendable('a\u0000\ud800\u009f'))).toBe(true);
  expect(sendable('👨‍👩‍👧 نص\u200f می\u200cخواهم')).toBe('👨‍👩‍👧 نص\u200f می\u200cخواهم');
});

it.each(['', ' \n\t', '\u200b', '\u2060\ufeff', '\u3164', '\u00ad', '\u202e\u202c', '\u2800'])(
  'sees nothing in %j',
  (text) => expect(isBlank(text)).toBe(true),
);

it.each([
  ['  two\r\n\twords ', 'two words'],
  ['\u200b \u2060', ''],
  ['bell\u0007', 'bell'],
  ['👍'.repeat(201), '👍'.repeat(200)],
  [`${'x'.repeat(199)} y`, 'x'.repeat(199)],
])('searches for what the server takes of %j', (typed, words) => {
  expect(searchable(typed, LIMITS.search)).toBe(words);
});

it('sees a message in one sign', () => expect(isBlank('👍')).toBe(false));

it.each([
  ['Enter', {}, true],
  ['Shift+Enter', { shiftKey: true }, false],
  ['Alt+Enter', { altKey: true }, false],
  ['an Enter that is held down', { repeat: true }, false],
  ['an Enter that accepts a composition', { isComposing: true, keyCode: 229 }, false],
  ['the Enter that Safari reports after a composition', { keyCode: 229 }, false],
  ['a key that an input method has taken', { key: 'Process', keyCode: 229 }, false],
])('%s', (_name, event, sends) => {
  const pressed = { key: 'Enter', keyCode: 13, shiftKey: false, altKey: false, repeat: false, isComposing: false };
  expect(isSendKey({ ...pressed, ...event })).toBe(sends);
});

const textOf = (html: string) => html.replace(/<[^>]*>/g, '');
const picture = new File([''], 'image.png', { type: 'image/png' });

it.each([
  [
    'files of a file manager, with their names',
    { files: [picture], text: 'image.png', html: '' },
    [picture],
    undefined,
  ],
  ['a screenshot', { files: [picture], text: '', html: '' }, [picture], undefined],
  ['a picture of a page', { files: [picture], text: '', html: '<img src="x">' }, [picture], undefined],
])('attaches %s', (_name, clipboard, files, text) => {
  expect(pastedFrom(clipboard, textOf)).toEqual({ files, text });
});

it.each([
  ['cells, which come with a picture', { files: [picture], text: '1\t2', html: '<td>1<td>2' }],
  ['rich text', { files: [], text: 'bold', html: '<b>bold</b>' }],
  ['plain text', { files: [], text: 'x', html: '' }],
])('lets the browser paste the plain text of %s', (_name, clipboard) => {
  expect(pastedFrom(clipboard, textOf)).toBeUndefined();
});

it('pastes the text of rich text that comes without plain text', () => {
  expect(pastedFrom({ files: [], text: '', html: '<b>bold</b>' }, textOf)).toEqual({ files: [], text: 'bold' });
});
