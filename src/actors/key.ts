/**
 * Checks the ids of streams and commands, which come from clients. Postgres rejects some texts and changes others. Such
 * a text must not get into a statement, because the statement also carries the requests of other users.
 */

/** In UTF-16 code units. A stream and a command id of this length fit into one index entry in any script. */
const MAX_LENGTH = 400;

export function isKey(text: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this refuses
  return text.length > 0 && text.length <= MAX_LENGTH && text.isWellFormed() && !/[\u0000-\u001f]/.test(text);
}
