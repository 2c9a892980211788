/**
 * Combines single requests into few statements. Requests of the same tick, and requests that come while the limit of
 * statements is reached, go out together. With `gather: 'turn'` the requests of a whole turn of the event loop do: a
 * storm of reconnecting sockets, each with its own packet, becomes a few queries. The result of a request is the one at
 * its place in the answer.
 *
 * A failed statement fails all of its requests. Callers must therefore check their requests (see `checkText`), so that
 * one request cannot make others fail.
 */

export interface BatchLimits {
  /** Requests in one statement, at most. */
  readonly size: number;
  /** Statements at a time, at most. */
  readonly concurrency: number;
  /** How long requests are gathered before the first statement; one tick when absent. */
  readonly gather?: 'tick' | 'turn';
}

interface Waiting<Key, Value> {
  readonly key: Key;
  readonly resolve: (value: Value) => void;
  readonly reject: (error: unknown) => void;
}

/** `load` answers the keys in the order given. */
export function createBatcher<Key, Value>(
  load: (keys: readonly Key[]) => Promise<readonly Value[]>,
  limits: BatchLimits,
): (key: Key) => Promise<Value> {
  const schedule = limits.gather === 'turn' ? setImmediate : queueMicrotask;
  let waiting: Waiting<Key, Value>[] = [];
  let inFlight = 0;
  let scheduled = false;

  async function send(batch: readonly Waiting<Key, Value>[]): Promise<void> {
    try {
      const values = await load(batch.map((request) => request.key));
      if (values.length !== batch.length) throw new Error(`asked ${batch.length}, answered ${values.length}`);
      values.forEach((value, index) => {
        batch[index]?.resolve(value);
      });
    } catch (error) {
      for (const request of batch) request.reject(error);
    }
    inFlight--;
    if (!scheduled) flush();
  }

  function flush(): void {
    scheduled = false;
    while (waiting.length > 0 && inFlight < limits.concurrency) {
      const batch = waiting.slice(0, limits.size);
      waiting = waiting.slice(limits.size);
      inFlight++;
      void send(batch);
    }
  }

  return (key) =>
    new Promise((resolve, reject) => {
      waiting.push({ key, resolve, reject });
      if (scheduled || inFlight >= limits.concurrency) return;
      scheduled = true;
      schedule(flush);
    });
}
