/**
 * Search by words: a text matches when it contains every word. Texts are compared in the form for search, in which the
 * read models keep them in columns of their own.
 */
import { searchForm } from '../../domain/text.ts';

/** The words of a search text, in the form for search; none for a text without words. */
export function wordsOf(text: string | undefined): string[] {
  return searchForm(text ?? '')
    .split(/\s+/)
    .filter(Boolean);
}

/** The pattern of a word for `like`. */
export function patternOf(word: string): string {
  return `%${word.replace(/[\\%_]/g, '\\$&')}%`;
}

/** The number of the ticket that a word names (`39`, `#39`); undefined for any other word. */
export function ticketNumberIn(word: string): number | undefined {
  const [, digits] = /^#?([1-9]\d{0,8})$/.exec(word) ?? [];
  return digits === undefined ? undefined : Number(digits);
}
