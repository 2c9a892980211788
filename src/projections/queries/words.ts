/** Looking for words in text: each must be in it somewhere, whatever its case. */

/** Patterns for `ilike all`; none for a text without words. */
export function patternsOf(text: string | undefined): string[] {
  return (text ?? '')
    .split(/\s+/)
    .filter(Boolean)
    .map((word) => `%${word.replace(/[\\%_]/g, '\\$&')}%`);
}
