/**
 * The text of a message as the server takes it: its length is counted in Unicode code points, as JSON Schema counts
 * (`src/contract/fields.ts`), not in the UTF-16 units of `maxlength`, and characters that the server refuses and nobody
 * can see are removed. Nothing that can be seen is ever removed.
 */

/** Control characters other than tab and line feed, and what old editors used for line breaks. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters to remove
const CONTROL = /[\u0000-\u0008\u000e-\u001f\u007f-\u0084\u0086-\u009f]/g;
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters to replace
const LINE_BREAK = /\r\n|[\r\u000b\u000c\u0085\u2028\u2029]/g;
/** Characters that have no ink: separators, controls, formats, fillers, and marks that change another character. */
const INVISIBLE = /[\p{Z}\p{C}\p{Default_Ignorable_Code_Point}\u2800]/gu;

export function sendable(text: string): string {
  return text.toWellFormed().replace(LINE_BREAK, '\n').replace(CONTROL, '').trim();
}

export function isBlank(text: string): boolean {
  return text.replace(INVISIBLE, '') === '';
}

/** The words of a search as the server takes them; empty when there is nothing to search for. */
export function searchable(text: string, most: number): string {
  const words = sendable(text).replace(/\s+/g, ' ');
  return isBlank(words) ? '' : [...words].slice(0, most).join('').trim();
}

export function lengthOf(text: string): number {
  let count = 0;
  for (const _ of text) count += 1;
  return count;
}

/** The UTF-16 index in `text`, as it is in the field, from which its sendable form is longer than `most`. */
export function excessStart(text: string, most: number): number | undefined {
  if (text.length <= most || lengthOf(sendable(text)) <= most) return undefined;
  let index = text.length - text.trimStart().length;
  let count = 0;
  for (const character of text.slice(index)) {
    if (count === most) break;
    count += lengthOf(character.replace(CONTROL, ''));
    index += character.length;
  }
  return index;
}
