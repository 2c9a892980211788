/** The progress of a rebuild: position, speed and remaining time. */

export type Phase = 'filling' | 'catching up' | 'swapping' | 'done';

export interface Progress {
  readonly projection: string;
  readonly version: number;
  readonly phase: Phase;
  /** The last position that the new tables contain. */
  readonly position: number;
  /** The position to be reached; it grows while events are appended. */
  readonly target: number;
  /** The speed in the last seconds. */
  readonly eventsPerSecond: number;
  /** Undefined while the speed is unknown. */
  readonly secondsLeft: number | undefined;
}

export interface Speedometer {
  /** Notes that `position` is reached; returns events per second in the last seconds. */
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
