/**
 * Parses JSON without turning a number into another one. A double rounds 9007199254740993 to 9007199254740992, and
 * 1.0000000000000000001 to 1, so that an id would name something else; it makes 1e400 infinite. Such a number is parsed
 * as NaN, which JSON has no other way to write, and which `validation.ts` refuses, naming its field. A fraction that
 * stays a fraction (0.1) is rounded as ever.
 */

/** Numbers of fewer digits and without exponent are exact. May also match within a text, which then costs time only. */
const SUSPECT = /\d[\d.]{15}|\d[eE]/;
const NUMBER = /^-?(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/;

/** Throws SyntaxError, as JSON.parse. */
export function parseJson(text: string): unknown {
  return SUSPECT.test(text) ? JSON.parse(text, exactOrNaN) : JSON.parse(text);
}

function exactOrNaN(_key: string, value: unknown, context?: { readonly source?: string }): unknown {
  if (typeof value !== 'number' || context?.source === undefined) return value;
  return isExact(context.source, value) ? value : Number.NaN;
}

function isExact(source: string, value: number): boolean {
  if (!Number.isInteger(value)) return Number.isFinite(value);
  const [, whole = '', fraction = '', exponent = '0'] = NUMBER.exec(source) ?? [];
  const digits = (whole + fraction).replace(/0+$/, '');
  if (/^0*$/.test(digits)) return value === 0;
  const scale = Number(exponent) - fraction.length + (whole.length + fraction.length - digits.length);
  if (scale < 0) return false;
  return BigInt(digits) * 10n ** BigInt(scale) === BigInt(Math.abs(value));
}
