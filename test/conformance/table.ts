/** The table of results that each seed's suite prints: one line for each check. Checks go on after a failure. */
import assert from 'node:assert/strict';
import type { Payload } from './client.ts';

export interface Line {
  readonly label: string;
  /** The reason of the failure; undefined when the check passed. */
  readonly failure: string | undefined;
}

export interface Table {
  readonly lines: readonly Line[];
  /** Runs a check and adds its line. Never rejects. */
  check(label: string, run: () => Promise<void>): Promise<void>;
}

export function createTable(): Table {
  const lines: Line[] = [];
  return {
    lines,
    async check(label, run) {
      try {
        await run();
        lines.push({ label, failure: undefined });
      } catch (error) {
        lines.push({ label, failure: error instanceof Error ? error.message : String(error) });
      }
    },
  };
}

export function report(lines: readonly Line[], title = 'Test Results'): string {
  const width = Math.max(34, ...lines.map(({ label }) => label.length + 2));
  const rule = '━'.repeat(width + 6);
  const rows = lines.map(({ label, failure }) => {
    const row = `${`${label}:`.padEnd(width)}${failure === undefined ? '✅' : '❌'}`;
    return failure === undefined ? row : `${row}\n    ${failure.replaceAll('\n', '\n    ')}`;
  });
  const failed = lines.filter(({ failure }) => failure !== undefined).length;
  const verdict = failed === 0 ? '🎉 All tests passed!' : `${failed} of ${lines.length} failed.`;
  return [`📊 ${title}:`, rule, ...rows, rule, verdict, ''].join('\n');
}

export function assertFields(actual: Payload, expected: Payload): void {
  for (const [field, value] of Object.entries(expected)) {
    const problem = `${field} is ${JSON.stringify(actual[field])}, not ${JSON.stringify(value)}`;
    assert.deepEqual(actual[field], value, problem);
  }
}

/** Fails unless the payload has these fields. It may have others. */
export function assertHas(actual: unknown, ...fields: readonly string[]): void {
  for (const field of fields) {
    assert.ok(typeof actual === 'object' && actual !== null && field in actual, `${field} is missing`);
  }
}
