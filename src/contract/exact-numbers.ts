/**
 * Parses JSON without turning a number into another one. A double rounds 9007199254740993 to 9007199254740992, and
 * 1.0000000000000000001 to 1, so that an id would name something else; it makes 1e400 infinite. Such a number is parsed
 * as infinite, which JSON has no other way to write, and which `validation.ts` refuses, naming its field. A fraction
 * that stays a fraction (0.1) is rounded as ever.
 *
 * Anybody may send any text, so the time is linear in its length. JSON.parse with a reviver is many times slower than
 * without, so the numbers are found in the text.
 */

/** Numbers of fewer digits and without exponent are exact. May also match within a text, which then costs time only. */
const SUSPECT = /\d[\d.]{15}|\d[eE]/;
const NUMBER = /^-?(0|[1-9]\d*)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/;
const INFINITE = '1e999';
/** 5^22 is the highest power of 5 that a double holds exactly, so a number with more zeros than that is rounded. */
const MOST_ZEROS = 22;

/** Throws SyntaxError, as JSON.parse. */
export function parseJson(text: string): unknown {
  return JSON.parse(SUSPECT.test(text) ? withoutInexact(text) : text);
}

/** The text with an infinite number in the place of each number that a double does not hold. */
function withoutInexact(text: string): string {
  let result = '';
  let copied = 0;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) at = endOfText(text, at);
    else if (isDigit(code) || code === MINUS) {
      const end = endOfNumber(text, at);
      if (!isExact(text.slice(at, end))) {
        result += text.slice(copied, at) + INFINITE;
        copied = end;
      }
      at = end - 1;
    }
  }
  return result + text.slice(copied);
}

/** The place of the quote that ends the text which begins at `start`. */
function endOfText(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) return at;
    if (code === BACKSLASH) at += 1;
  }
  return text.length;
}

function endOfNumber(text: string, start: number): number {
  let end = start + 1;
  while (end < text.length && isPartOfNumber(text.charCodeAt(end))) end += 1;
  return end;
}

/** True also for what is no number: JSON.parse refuses it. */
function isExact(source: string): boolean {
  const value = Number(source);
  // Fewer than 16 digits name one double. Only what is nearly 0 may become 0.
  if (source.length < 16 && value !== 0 && Math.abs(value) <= Number.MAX_SAFE_INTEGER) return true;
  const [all, whole = '', fraction = '', exponent = '0'] = NUMBER.exec(source) ?? [];
  if (all === undefined) return true;
  if (!Number.isInteger(value)) return Number.isFinite(value);
  const digits = withoutZeros(whole + fraction);
  if (digits === '') return true;
  const scale = Number(exponent) - fraction.length + (whole.length + fraction.length - digits.length);
  if (scale < 0 || scale > MOST_ZEROS) return false;
  return BigInt(digits) * 10n ** BigInt(scale) === BigInt(Math.abs(value));
}

/** Without the zeros at its end; empty for zeros alone. */
function withoutZeros(digits: string): string {
  let end = digits.length;
  while (end > 0 && digits.charCodeAt(end - 1) === ZERO) end -= 1;
  return digits.slice(0, end);
}

function isDigit(code: number): boolean {
  return code >= ZERO && code <= NINE;
}

function isPartOfNumber(code: number): boolean {
  return isDigit(code) || code === POINT || code === PLUS || code === MINUS || (code | LOWER) === SMALL_E;
}

const QUOTE = 0x22;
const PLUS = 0x2b;
const MINUS = 0x2d;
const POINT = 0x2e;
const ZERO = 0x30;
const NINE = 0x39;
const BACKSLASH = 0x5c;
const SMALL_E = 0x65;
/** The bit by which small letters differ from capitals. */
const LOWER = 0x20;
