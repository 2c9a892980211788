/** The report of a run, as Markdown: a table row for each kind of fault, totals, and the checker's violations. */
import { recordedCommands } from './checker/recorded.ts';
import type { History, Violation } from './history.ts';
import type { Injection, Run } from './run.ts';

export interface Totals {
  readonly acknowledged: number;
  /** Commands that were acknowledged and are not in the log, although no restore explains it. */
  readonly lost: number;
  /** Commands that are in the log more than once. */
  readonly repeated: number;
}

const seconds = (ms: number) => (ms / 1_000).toFixed(2);

export function renderTable(injections: readonly Injection[]): string {
  const rows = [...Map.groupBy(injections, ({ kind }) => kind)]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([kind, ofKind]) => rowOf(kind, ofKind));
  return [
    '| fault | times | lasted, s | commands acknowledged | longest without any, s | failover, s | longest for one, s | of that in vain, s | longest until heard, s | clients converged, s: median | longest |',
    '| --- | --: | --: | --: | --: | --: | --: | --: | --: | --: | --: |',
    ...rows,
    rowOf('**all**', injections),
  ].join('\n');
}

function rowOf(kind: string, injections: readonly Injection[]): string {
  const longest = (of: (one: Injection) => number) => seconds(Math.max(0, ...injections.map(of)));
  const convergences = injections.map(({ convergence }) => convergence).toSorted((a, b) => a - b);
  const slowest = injections.toSorted((a, b) => b.wait - a.wait)[0];
  const cells = [
    kind,
    injections.length,
    longest(({ lasted }) => lasted),
    injections.reduce((sum, { acknowledged }) => sum + acknowledged, 0),
    longest(({ silence }) => silence),
    longest(({ failover }) => failover),
    seconds(slowest?.wait ?? 0),
    seconds(slowest?.timedOut ?? 0),
    longest(({ lag }) => lag),
    seconds(convergences[convergences.length >> 1] ?? 0),
    longest(({ convergence }) => convergence),
  ];
  return `| ${cells.join(' | ')} |`;
}

export function totalsOf({ commands, log }: History, violations: readonly Violation[]): Totals {
  const recorded = recordedCommands(log);
  const acknowledged = commands.filter(({ attempts }) => attempts.some(({ outcome }) => outcome === 'acknowledged'));
  return {
    acknowledged: acknowledged.length,
    lost: violations.filter(({ what }) => what.endsWith('was acknowledged and is not in the log')).length,
    repeated: commands.filter(({ key }) => (recorded.get(key)?.length ?? 0) > 1).length,
  };
}

export function render(run: Run, violations: readonly Violation[]): string {
  const { history, injections, complaints } = run;
  const { acknowledged, lost, repeated } = totalsOf(history, violations);
  const frames = history.followings.reduce(
    (sum, { segments }) => sum + segments.reduce((all, segment) => all + segment.frames.length, 0),
    0,
  );
  const verdict =
    violations.length === 0
      ? 'The checker objects to nothing.'
      : ['The checker objects:', ...violations.map(({ rule, what }) => `- ${rule}: ${what}`)].join('\n');
  return [
    renderTable(injections),
    '',
    `${injections.length} faults; ${acknowledged} commands acknowledged, ${lost} lost, ${repeated} repeated; ` +
      `${history.log.length} events in the log; ${frames} deliveries to ${history.followings.length} followings checked.`,
    ...complaints.map((complaint) => `A node complained: ${complaint}`),
    verdict,
  ].join('\n');
}
