/** Pauses that end early. */

/** Resolves after `ms`, or as soon as `signal` is aborted. */
export function rest(ms: number, signal: AbortSignal): Promise<void> {
  return pause(ms, signal, () => {});
}

export interface Pace {
  /** Resolves after `ms`, or as soon as `signal` is aborted or somebody is in a hurry. */
  rest(ms: number, signal: AbortSignal): Promise<void>;
  /** Ends the rest that is going on, or else the next one. */
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
