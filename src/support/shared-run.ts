/**
 * Shares one run of a costly task among all who ask while it runs, and for a moment afterwards. So the number of those
 * who ask does not matter.
 */

/** `keepMs`: milliseconds for which a result is given again. A failed run is not kept. */
export function sharedRun<T>(task: () => Promise<T>, keepMs: number, now: () => number = () => performance.now()) {
  let run: Promise<T> | undefined;
  let endedAt: number | undefined;

  function start(): Promise<T> {
    endedAt = undefined;
    const started = task();
    run = started;
    started.then(
      () => {
        endedAt = now();
      },
      () => {
        run = undefined;
      },
    );
    return started;
  }

  return (): Promise<T> => {
    if (run === undefined) return start();
    return endedAt !== undefined && now() - endedAt >= keepMs ? start() : run;
  };
}
