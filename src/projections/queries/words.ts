/** Search by words: a text matches when it contains every word, in any case. */

/** The patterns of a search text for `ilike all`; none for a text without words. */
export function patternsOf(text: string | undefined): string[] {
  return (text ?? '')
    .split(/\s+/)
    .filter(Boolean)
    .map((word) => `%${word.replace(/[\\%_]/g, '\\$&')}%`);
}
