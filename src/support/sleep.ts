/** Pauses that end early. */
import { setTimeout as sleep } from 'node:timers/promises';

export interface RestOptions {
  /** False for a pause that does not keep the process running. */
  readonly ref?: boolean;
}

/** Resolves after `ms` milliseconds, or as soon as `signal` is aborted. */
export async function rest(ms: number, signal: AbortSignal, options: RestOptions = {}): Promise<void> {
  if (ms <= 0 || signal.aborted) return;
  await sleep(ms, undefined, { signal, ...options }).catch(() => undefined);
}

export interface Pace {
  /** Resolves after `ms` milliseconds, or as soon as `signal` is aborted or `hurry` is called. */
  rest(ms: number, signal: AbortSignal): Promise<void>;
  /** Ends the present rest, or else the next one. */
  hurry(): void;
}

export function createPace(): Pace {
  let end: (() => void) | undefined;
  let hurried = false;
  return {
    async rest(ms, signal) {
      if (!hurried) await pause(ms, signal, (endPause) => (end = endPause));
      hurried = false;
      end = undefined;
    },
    hurry() {
      hurried = true;
      end?.();
    },
  };
}

function pause(ms: number, signal: AbortSignal, onBegin: (end: () => void) => void): Promise<void> {
  return new Promise((resolve) => {
    if (ms <= 0 || signal.aborted) return resolve();
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener('abort', end, { once: true });
    onBegin(end);
  });
}
