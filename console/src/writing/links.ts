/**
 * Finds web addresses in a message's text. Only `http:` and `https:` become links. An address ends where a reader sees
 * it end: at spaces, quotes and characters that cannot be seen or that turn the direction of text. An address with a
 * name before its host (`https://bank.example@evil.example`) leads elsewhere than it seems to, so it is no link.
 */
export interface Piece {
  readonly text: string;
  readonly isLink: boolean;
}

const ADDRESS = /(?<![A-Za-z0-9])https?:\/\/[^\s<>"'`«»“”„‘’「」『』，。、；：！？（）【】\p{C}]+/giu;
/** Punctuation at the end of an address belongs to the sentence, in all scripts. */
const TRAILING = /[.,;:!?…'"،؛؟۔।॥։፡።*_~|]$/u;
const CLOSING: Readonly<Record<string, string>> = { ')': '(', ']': '[', '}': '{' };

export function piecesOf(text: string): readonly Piece[] {
  const pieces: Piece[] = [];
  let from = 0;
  for (const { 0: found, index } of text.matchAll(ADDRESS)) {
    const address = withoutTrailing(found);
    if (!isSafe(address)) continue;
    if (index > from) pieces.push({ text: text.slice(from, index), isLink: false });
    pieces.push({ text: address, isLink: true });
    from = index + address.length;
  }
  if (from < text.length) pieces.push({ text: text.slice(from), isLink: false });
  return pieces;
}

/** A closing bracket belongs to the address only if its opening one does. */
function withoutTrailing(found: string): string {
  let address = found;
  for (;;) {
    const last = address.at(-1) ?? '';
    const opening = CLOSING[last];
    const isUnopened = opening !== undefined && countOf(address, last) > countOf(address, opening);
    if (!isUnopened && !TRAILING.test(address)) return address;
    address = address.slice(0, -1);
  }
}

function countOf(text: string, sign: string): number {
  return text.split(sign).length - 1;
}

function isSafe(address: string): boolean {
  const url = URL.parse(address);
  return url !== null && /^https?:$/.test(url.protocol) && url.username === '' && url.password === '';
}
