/**
 * Shares one run of a costly task among all callers while it runs, and for a moment afterwards. So the cost does not
 * depend on the number of callers.
 */

/** `keepMs`: milliseconds for which a result is returned again. A failed run is not kept. */
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
