/** Pauses that end early. */

/** Resolves after `ms`, or as soon as `signal` is aborted. */
export function rest(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (ms <= 0 || signal.aborted) return resolve();
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener('abort', end, { once: true });
  });
}

export interface Pace {
  /** Resolves after `ms`, or as soon as `signal` is aborted or somebody is in a hurry. */
  rest(ms: number, signal: AbortSignal): Promise<void>;
  /** Ends the rest that is going on, if one is. */
  hurry(): void;
}

export function createPace(): Pace {
  let resting: (() => void) | undefined;
  return {
    async rest(ms, signal) {
      if (ms <= 0) return;
      const hurried = new Promise<void>((resolve) => {
        resting = resolve;
      });
      const over = new AbortController();
      await Promise.race([hurried, rest(ms, AbortSignal.any([signal, over.signal]))]);
      over.abort();
      resting = undefined;
    },
    hurry() {
      resting?.();
    },
  };
}
