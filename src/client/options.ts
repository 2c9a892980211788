/**
 * Checks what an application passes, since applications in plain JavaScript have no compiler to do it. The error names
 * the option, and is thrown where the mistake is: at the call. It does not tell the value, which may be a secret.
 */
import { DeskwireError } from './errors.ts';

type Check = readonly [isRight: (value: unknown) => boolean, what: string];

const is = (type: string) => (value: unknown) => typeof value === type && value !== '';
const isFunction = is('function');
const isText = is('string');
const TEXT: Check = [isText, 'a text'];
const BOOLEAN: Check = [is('boolean'), 'true or false'];

const CHECKS: Readonly<Record<string, Check>> = {
  url: TEXT,
  refreshToken: TEXT,
  userId: TEXT,
  token: [(value) => isText(value) || isFunction(value), 'a text, or a function that returns one'],
  storage: [
    (value) => ['list', 'put', 'remove'].every((name) => isFunction(Object(value)[name])),
    'an object with list, put and remove',
  ],
  transports: [
    (value) => Array.isArray(value) && value.length > 0 && value.every((one) => /^(websocket|polling)$/.test(one)),
    'a list of websocket, polling or both',
  ],
  pace: [
    (value) => {
      const { first, most } = Object(value);
      return first > 0 && most >= first && Number.isFinite(most);
    },
    'an object with first and most',
  ],
  withCredentials: BOOLEAN,
  connect: BOOLEAN,
};

/** Throws `invalid_payload` with the option as `field`. Options that are absent are checked only when `required`. */
export function checkOptions(options: object, required: readonly string[]): void {
  const given = Object(options);
  for (const [name, [isRight, what]] of Object.entries(CHECKS)) {
    const value = given[name];
    if ((value !== undefined || required.includes(name)) && !isRight(value)) throw wrong(name, what);
  }
}

/** An absolute URL. `base`: of the page, if there is one. Throws `invalid_payload`. */
export function urlOf(text: string, base: string | undefined): URL {
  try {
    const url = new URL(text, base);
    if (/^https?:$/.test(url.protocol)) return url;
  } catch {
    // The same as any other text that is no address of a server.
  }
  throw wrong('url', 'a URL with http or https');
}

function wrong(field: string, what: string): DeskwireError {
  return new DeskwireError('invalid_payload', `${field} must be ${what}`, { field });
}
