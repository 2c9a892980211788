/**
 * Combines single requests into few statements. Requests of the same tick share a statement, and so do requests that
 * wait because `concurrency` is reached. With `gather: 'turn'` the requests of a whole event-loop turn do. Then many
 * sockets that reconnect at the same time cost a few queries, though each sends its own packet.
 *
 * A failed statement fails all of its requests. Callers must therefore check their requests (see `checkText`), so that
 * one request cannot make others fail.
 */

export interface BatchLimits {
  /** At most this many requests in one statement. */
  readonly size: number;
  /** At most this many statements at a time. */
  readonly concurrency: number;
  /** The time for which requests are gathered before the first statement; one tick when absent. */
  readonly gather?: 'tick' | 'turn';
}

interface Waiting<Key, Value> {
  readonly key: Key;
  readonly resolve: (value: Value) => void;
  readonly reject: (error: unknown) => void;
}

/** `load` returns one value per key, in the order of `keys`. */
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
      if (values.length !== batch.length) throw new Error(`got ${values.length} values for ${batch.length} keys`);
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
