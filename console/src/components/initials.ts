/** Initials and colours that represent a user where there is no room for the name. */
export const TINTS = 5;

export function initialsOf(name: string): string {
  const [first = '?', second] = name.split(/[\s._-]+/).filter((part) => part !== '');
  const initials =
    second === undefined ? [...first].slice(0, 2) : [...[...first].slice(0, 1), ...[...second].slice(0, 1)];
  return initials.join('');
}

/** A number from 0 to 4, always the same for the same name. */
export function tintOf(name: string): number {
  let sum = 0;
  for (const character of name) sum = (sum * 31 + (character.codePointAt(0) ?? 0)) % 1_000_003;
  return sum % TINTS;
}
