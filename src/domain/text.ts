/**
 * The rule for text, for every field of a client and for every event.
 * - Text has no control character but tab and line feed. Postgres refuses U+0000; terminals and logs act on the others,
 *   for example on U+009B.
 * - It is well-formed Unicode.
 * - It has a visible character: otherwise people see an empty message or a user without a name.
 * Source: docs/protocol.md section 10.
 */

// biome-ignore lint/suspicious/noControlCharactersInRegex: the pattern finds them
const CONTROL = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/;
/**
 * A character that is not blank. Blank are white space, format characters, combining marks without a base, characters
 * that fonts draw as nothing (U+3164, U+FEFF), noncharacters, the empty Braille cell and the empty note head.
 */
const VISIBLE =
  /[^\s\p{Z}\p{Cc}\p{Cf}\p{M}\p{Default_Ignorable_Code_Point}\p{Noncharacter_Code_Point}\u2800\u{1d159}]/u;

/** Text of one line. Names have this form: a second line could imitate the text that stands below a name. */
export const ONE_LINE = /^[^\n\u2028\u2029]*$/;

/** Returns the reason why text is refused, as it follows the name of the field. Empty text is not refused. */
export function textFault(text: string): string | undefined {
  if (CONTROL.test(text)) return 'must not hold control characters';
  if (!text.isWellFormed()) return 'must be well-formed Unicode';
  if (text !== '' && !VISIBLE.test(text)) return 'must hold something visible';
  return undefined;
}

/**
 * Returns the form in which text is searched. Texts that differ only in case (also of ß, of İ and ı, and of the final
 * sigma), in the Unicode form or in characters without a glyph have the same form.
 */
export function searchForm(text: string): string {
  return text
    .normalize('NFKC')
    .toUpperCase()
    .toLowerCase()
    .normalize('NFKC')
    .replaceAll('ς', 'σ')
    .replaceAll('i\u0307', 'i')
    .replace(/\p{Default_Ignorable_Code_Point}/gu, '');
}

const graphemes = new Intl.Segmenter('und', { granularity: 'grapheme' });

/**
 * Returns the longest beginning of `text` that has at most `limit` code points and whole graphemes: an emoji of several
 * code points, or a letter with its marks, is kept or left out as a whole.
 */
export function beginningOf(text: string, limit: number): string {
  // A code point is at least one unit of the string, so most texts need no count.
  if (text.length <= limit) return text;
  let end = 0;
  let points = 0;
  for (const { segment } of graphemes.segment(text)) {
    points += [...segment].length;
    if (points > limit) break;
    end += segment.length;
  }
  return text.slice(0, end);
}
