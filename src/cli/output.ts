/**
 * Output of the command. The result goes to standard output, as text for people or, with `--json`, as one JSON
 * document. Everything else goes to standard error, so that the result can be piped.
 */
export interface Output {
  readonly json: boolean;
  /** Prints the result: `value` with `--json`, otherwise `text`. */
  result(value: unknown, text: string): void;
  /** Prints one line of a result that goes on: `value` with `--json`, otherwise `text`. */
  line(value: unknown, text: string): void;
  /** Prints a remark to standard error. */
  note(text: string): void;
}

export interface Streams {
  readonly stdout: NodeJS.WritableStream;
  readonly stderr: NodeJS.WritableStream & { readonly isTTY?: boolean };
}

export function createOutput({ stdout, stderr }: Streams, json: boolean): Output {
  return {
    json,
    result: (value, text) => void stdout.write(printable(json ? `${JSON.stringify(value, null, 2)}\n` : ended(text))),
    line: (value, text) => void stdout.write(`${printable(json ? JSON.stringify(value) : text)}\n`),
    note: (text) => void stderr.write(printable(ended(text))),
  };
}

/** Characters that a terminal acts on: all controls but tab and line feed, and those that turn the direction. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what it looks for
const ACTED_ON = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/**
 * Text for a terminal. The log may hold what today's rules for text refuse, and an error may quote what a user wrote; a
 * terminal must show it and not obey it. In JSON the escapes mean the characters that they stand for.
 */
export function printable(text: string): string {
  return text.replace(ACTED_ON, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

function ended(text: string): string {
  return text === '' || text.endsWith('\n') ? text : `${text}\n`;
}

/** Formats columns that are as wide as their widest cell; the last column is not padded. */
export function table(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = headings.map((heading, column) =>
    Math.max(heading.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, column) => (column === cells.length - 1 ? cell : cell.padEnd(widths[column] ?? 0)))
      .join('  ')
      .trimEnd();
  return [headings, ...rows].map(line).join('\n');
}

export function count(value: number): string {
  return Math.round(value).toLocaleString('en');
}

export function bytes(value: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let amount = value;
  let unit = 0;
  while (amount >= 1_000 && unit < units.length - 1) {
    amount /= 1_000;
    unit += 1;
  }
  return `${amount.toFixed(unit === 0 || amount >= 10 ? 0 : 1)} ${units[unit]}`;
}

/** `3 s`, `2 min`, `4 h`, `5 d`. */
export function duration(seconds: number): string {
  if (seconds < 100) return `${Math.round(seconds)} s`;
  if (seconds < 6_000) return `${Math.round(seconds / 60)} min`;
  if (seconds < 172_800) return `${Math.round(seconds / 3_600)} h`;
  return `${Math.round(seconds / 86_400)} d`;
}

export function ago(time: string, now: number): string {
  return `${duration(Math.max(0, (now - Date.parse(time)) / 1_000))} ago`;
}
