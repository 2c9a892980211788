/** How far a rebuild is, how fast it goes, and how long it will still take. */

export type Phase = 'filling' | 'catching up' | 'swapping' | 'done';

export interface Progress {
  readonly projection: string;
  readonly version: number;
  readonly phase: Phase;
  /** The last position that the new tables contain. */
  readonly position: number;
  /** The position to be reached; it moves on while events are appended. */
  readonly target: number;
  /** Of the last seconds. */
  readonly eventsPerSecond: number;
  /** Undefined while nobody can tell. */
  readonly secondsLeft: number | undefined;
}

export interface Speedometer {
  /** Events per second lately, now that `position` is reached. */
  at(position: number): number;
}

/** Milliseconds over which the speed is measured. */
const WINDOW = 5_000;

export function createSpeedometer(now: () => number): Speedometer {
  let samples: { time: number; position: number }[] = [];
  return {
    at(position) {
      const time = now();
      samples.push({ time, position });
      const old = samples.findLastIndex((sample) => sample.time < time - WINDOW);
      if (old > 0) samples = samples.slice(old);
      const [first] = samples;
      if (first === undefined || first.time === time) return 0;
      return ((position - first.position) * 1_000) / (time - first.time);
    },
  };
}

export function secondsLeft(position: number, target: number, eventsPerSecond: number): number | undefined {
  if (position >= target) return 0;
  return eventsPerSecond > 0 ? (target - position) / eventsPerSecond : undefined;
}
