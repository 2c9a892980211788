/**
 * Names that the log can keep: ids of streams and of commands come from outside, and one that Postgres cannot hold, or
 * would hold as another, must not get into a statement that it shares with others.
 */

/** In UTF-16 code units: a stream and a command id together fit into one index entry, whatever their characters. */
const MAX_LENGTH = 400;

export function isKey(text: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: exactly those are what must not come through
  return text.length > 0 && text.length <= MAX_LENGTH && text.isWellFormed() && !/[\u0000-\u001f]/.test(text);
}
