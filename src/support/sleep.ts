/** Sleeps that end early, without an error. */
import { setTimeout as nodeSleep } from 'node:timers/promises';

export interface SleepOptions {
  /** False for a sleep that does not keep the process running. */
  readonly ref?: boolean;
}

/** Resolves after `ms` milliseconds, or as soon as `signal` is aborted. */
export async function sleep(ms: number, signal: AbortSignal, options: SleepOptions = {}): Promise<void> {
  if (ms <= 0 || signal.aborted) return;
  await nodeSleep(ms, undefined, { signal, ...options }).catch(() => undefined);
}

export interface WakeableSleep {
  /** Resolves after `ms` milliseconds, or as soon as `signal` is aborted or `wake` is called. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
  /** Ends the present sleep, or else the next one. */
  wake(): void;
}

export function createWakeableSleep(): WakeableSleep {
  let end: (() => void) | undefined;
  let woken = false;
  return {
    async sleep(ms, signal) {
      if (!woken) await sleepUntilEnded(ms, signal, (endSleep) => (end = endSleep));
      woken = false;
      end = undefined;
    },
    wake() {
      woken = true;
      end?.();
    },
  };
}

/** Calls `onBegin` with a function that ends the sleep. */
function sleepUntilEnded(ms: number, signal: AbortSignal, onBegin: (end: () => void) => void): Promise<void> {
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
