/**
 * Rounds and their statistics. Machines are noisy. So the sides take turns (A B A B …) within one run, a ratio compares
 * two neighbouring turns, and the result is the median of the ratios. The spread shows how reliable it is.
 */

/** The rounds of a run, and the approximate seconds of a turn. */
export interface Plan {
  readonly rounds: number;
  readonly seconds: number;
}

/** BENCH_ROUNDS and BENCH_SECONDS change the plan. */
export function planOf(defaults: Plan): Plan {
  const { BENCH_ROUNDS, BENCH_SECONDS } = process.env;
  return {
    rounds: Number(BENCH_ROUNDS || defaults.rounds),
    seconds: Number(BENCH_SECONDS || defaults.seconds),
  };
}

/** Runs each side once to warm up and drops that result, then all sides in turn. Returns the results of each side. */
export async function takeTurns<Name extends string, Result>(
  rounds: number,
  sides: Readonly<Record<Name, () => Promise<Result>>>,
): Promise<Record<Name, Result[]>> {
  const names = Object.keys(sides) as Name[];
  const results = Object.fromEntries(names.map((name) => [name, []])) as unknown as Record<Name, Result[]>;
  for (let round = 0; round <= rounds; round++) {
    for (const name of names) {
      process.stderr.write(`${round === 0 ? 'warming up' : `round ${round} of ${rounds}`}: ${name}\n`);
      const result = await sides[name]();
      if (round > 0) results[name].push(result);
    }
  }
  return results;
}

export interface Spread {
  readonly median: number;
  readonly lowest: number;
  readonly highest: number;
}

export function spreadOf(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (index: number) => sorted[index] ?? Number.NaN;
  const middle = (sorted.length - 1) / 2;
  return {
    median: (at(Math.floor(middle)) + at(Math.ceil(middle))) / 2,
    lowest: at(0),
    highest: at(sorted.length - 1),
  };
}

/** The ratio of each round. */
export function ratios(of: readonly number[], to: readonly number[]): number[] {
  return of.map((value, round) => value / (to[round] ?? Number.NaN));
}

/** One row of a table: a label, and the value of each round. */
export type Row = readonly [what: string, values: readonly number[], digits?: number];

export function printTable(title: string, rows: readonly Row[]): void {
  const lines = rows.map(([what, values, digits = 0]) => {
    const { median, lowest, highest } = spreadOf(values);
    return [what, ...[median, lowest, highest].map((value) => numeral(value, digits))];
  });
  const table = [['', 'median', 'lowest', 'highest'], ...lines];
  const width = (column: number) => Math.max(...table.map((line) => line[column]?.length ?? 0));
  const text = table.map(([what = '', ...cells]) =>
    [what.padEnd(width(0)), ...cells.map((cell, index) => cell.padStart(width(index + 1)))].join('  '),
  );
  process.stdout.write(`\n${title}\n\n${text.map((line) => `  ${line}\n`).join('')}\n`);
}

function numeral(value: number, digits: number): string {
  return value.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}
