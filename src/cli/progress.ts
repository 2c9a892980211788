/**
 * Shows the progress of rebuilds on standard error: bars with rate and remaining time on a terminal; elsewhere a line
 * for each rebuild every few seconds; with `--json`, one JSON object per line.
 */
import cliProgress from 'cli-progress';
import type { Progress } from '../projections/rebuild/progress.ts';
import { count, duration, type Streams } from './output.ts';

export interface ProgressDisplay extends Disposable {
  show(progress: Progress): void;
}

/** Milliseconds between two lines about the same rebuild in the same phase. */
const LINE_EVERY = 5_000;

export function createProgressDisplay(stderr: Streams['stderr'], json: boolean): ProgressDisplay {
  if (json) return lines(stderr, (progress) => JSON.stringify(progress));
  return stderr.isTTY === true
    ? bars(stderr)
    : lines(stderr, (progress) => `${progress.projection}: ${describe(progress)}`);
}

export function describe({ phase, position, target, eventsPerSecond, secondsLeft }: Progress): string {
  if (phase === 'done') return `done, at ${count(position)}`;
  const share = target === 0 ? 100 : Math.floor((position * 100) / target);
  return `${phase}, ${share} % (${count(position)} of ${count(target)})${speed(eventsPerSecond, secondsLeft)}`;
}

/** Empty while the speed is unknown. */
function speed(eventsPerSecond: number, secondsLeft: number | undefined): string {
  if (eventsPerSecond === 0) return '';
  const left = secondsLeft ? `, ${duration(secondsLeft)} left` : '';
  return `, ${count(eventsPerSecond)} events/s${left}`;
}

function lines(stderr: Streams['stderr'], text: (progress: Progress) => string): ProgressDisplay {
  const last = new Map<string, { readonly phase: string; readonly time: number }>();
  return {
    show(progress) {
      const { projection, phase } = progress;
      const before = last.get(projection);
      if (before?.phase === phase && performance.now() - before.time < LINE_EVERY) return;
      last.set(projection, { phase, time: performance.now() });
      stderr.write(`${text(progress)}\n`);
    },
    [Symbol.dispose]() {},
  };
}

function bars(stderr: Streams['stderr']): ProgressDisplay {
  const display = new cliProgress.MultiBar({
    stream: stderr,
    format: '{name} {bar} {percentage} % {text}',
    barCompleteChar: '█',
    barIncompleteChar: '░',
    barsize: 30,
    hideCursor: true,
    stopOnComplete: false,
  });
  const shown = new Map<string, cliProgress.SingleBar>();
  return {
    show(progress) {
      const { projection, position, target, phase, eventsPerSecond, secondsLeft } = progress;
      const text = phase === 'done' ? phase : `${phase}${speed(eventsPerSecond, secondsLeft)}`;
      const payload = { name: projection.padEnd(13), text };
      const bar = shown.get(projection) ?? display.create(1, 0, payload);
      shown.set(projection, bar);
      bar.setTotal(Math.max(1, target));
      bar.update(target === 0 ? 1 : position, payload);
    },
    [Symbol.dispose]: () => display.stop(),
  };
}
