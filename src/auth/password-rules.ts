/**
 * Refuses short new passwords, and those that an attacker guesses first. Nearly all common passwords of 12 characters
 * are one or more common words with digits around them, or a run over the keyboard. So their build shows them, with a
 * short list of words. Neither a long list nor the network is needed.
 */
import { DeskwireError } from '../domain/errors.ts';

/** Characters. */
export const SHORTEST_PASSWORD = 12;

/** Runs over the keyboard, and sequences. Their reverses count too. */
const RUNS = [
  '01234567890123456789',
  'abcdefghijklmnopqrstuvwxyz',
  'qwertyuiopasdfghjklzxcvbnm',
  'qwertzuiopasdfghjklyxcvbnm',
  'azertyuiopqsdfghjklmwxcvbn',
  '1q2w3e4r5t6y7u8i9o0p',
  '1qaz2wsx3edc4rfv5tgb6yhn7ujm',
  'qazwsxedcrfvtgbyhnujmikolp',
].flatMap((run) => [run, [...run].reverse().join('')]);
/** Shorter pieces of a run occur in words. */
const SHORTEST_RUN = 4;

/** The words of which leaked lists of passwords consist, and the names of this product. */
const WORDS = new Set(
  `password passwort passwd pass motdepasse contrasena senha parola matkhau admin administrator root user guest login
  welcome willkommen bienvenue letmein iloveyou loveyou iloveu love sunshine princess monkey dragon football baseball
  basketball soccer superman batman spiderman starwars pokemon master shadow michael jordan jennifer jessica ashley
  charlie daniel thomas george andrew joshua matthew robert william hello hallo bonjour secret geheim changeme change
  trustno default test testing tester qwerty asdf zxcv abc google facebook computer internet samsung apple windows
  microsoft service support helpdesk summer winter spring autumn monday friday sunday january december liverpool
  chelsea arsenal barcelona whatever nothing forever freedom family angel angels babygirl lovely flower butterfly
  chocolate cookie cheese purple orange yellow silver golden ginger pepper hunter killer ranger mustang ferrari
  mercedes porsche yankees cowboys eagles jesus christ blessed heaven money million lucky happy friends friend
  mypassword my is the me you i a new temp temporary company office deskwire demo desk wire`.split(/\s+/),
);
const LONGEST_WORD = Math.max(...[...WORDS].map((word) => word.length));
/** How words are written with digits and signs. */
const LOOKALIKES: Readonly<Record<string, string>> = {
  '0': 'o',
  '1': 'i',
  '3': 'e',
  '4': 'a',
  '5': 's',
  '7': 't',
  '@': 'a',
  $: 's',
  '!': 'i',
};

/** Throws `invalid_payload` naming `field`. A password that is made of the user's own email is refused, too. */
export function requireGoodPassword(password: string, field: string, email?: string): void {
  if ([...password].length < SHORTEST_PASSWORD) {
    const problem = `${field} must have at least ${SHORTEST_PASSWORD} characters`;
    throw new DeskwireError('invalid_payload', problem, { field });
  }
  if (!isCommonPassword(password, email)) return;
  throw new DeskwireError('invalid_payload', `${field} is one of the passwords that are guessed first`, { field });
}

/** Whether an attacker guesses the password early. */
export function isCommonPassword(password: string, email?: string): boolean {
  const plain = password.normalize('NFKC').toLowerCase();
  const own = email === undefined ? [] : namesIn(email);
  return new Set(plain).size <= 3 || isRepetition(plain) || [plain, ...read(plain)].some((text) => isBuilt(text, own));
}

/** The text with its lookalikes as letters; with digits at its end, which are rather digits, also without them. */
function read(plain: string): string[] {
  const letters = (text: string) => [...text].map((char) => LOOKALIKES[char] ?? char).join('');
  const end = /[\d\W_]+$/u.exec(plain)?.index ?? plain.length;
  return [letters(plain), letters(plain.slice(0, end)) + plain.slice(end)];
}

function isRepetition(text: string): boolean {
  for (let size = 1; size <= text.length / 2; size++) {
    const unit = text.slice(0, size);
    if (size <= 5 && unit.repeat(Math.ceil(text.length / size)).startsWith(text)) return true;
  }
  return false;
}

/**
 * Whether the text is nothing but common words, own names, runs, and few digits and signs. Three long pieces at most: a
 * phrase of more has too many forms to be guessed early. The same piece again counts once.
 */
function isBuilt(text: string, own: readonly string[]): boolean {
  let pieces = 0;
  let loose = 0;
  const seen = new Set<string>();
  for (let at = 0; at < text.length; ) {
    const length = Math.max(longestWord(text, at, own), longestRun(text, at));
    if (length === 0) {
      if (/\p{L}/u.test(text.charAt(at))) return false;
      loose += 1;
      at += 1;
      continue;
    }
    const piece = text.slice(at, at + length);
    if (!seen.has(piece) && length >= SHORTEST_RUN) pieces += 1;
    seen.add(piece);
    at += length;
  }
  return pieces <= 3 && loose <= 8;
}

function longestWord(text: string, at: number, own: readonly string[]): number {
  let longest = Math.max(0, ...own.filter((name) => text.startsWith(name, at)).map((name) => name.length));
  for (let length = longest + 1; length <= LONGEST_WORD; length++) {
    if (WORDS.has(text.slice(at, at + length))) longest = length;
  }
  return longest;
}

function longestRun(text: string, at: number): number {
  let longest = 0;
  for (const run of RUNS) {
    let length = SHORTEST_RUN;
    while (at + length <= text.length && run.includes(text.slice(at, at + length))) length += 1;
    if (length > SHORTEST_RUN) longest = Math.max(longest, length - 1);
  }
  return longest;
}

const SHORTEST_NAME = 3;

/** The parts of an email that are long enough to be a name. */
function namesIn(email: string): string[] {
  return email
    .normalize('NFKC')
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter((name) => name.length >= SHORTEST_NAME);
}
