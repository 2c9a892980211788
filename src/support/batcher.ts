/**
 * Coalesces single requests into few statements: what is asked in the same tick, or while the previous statement is
 * in flight, goes out together. The result of each request is the one at its place in the answer.
 *
 * A failed statement fails everyone in it. Callers must therefore check what they ask for (see `checkText`), so that
 * no request can be poisoned by its neighbour.
 */

export interface BatchLimits {
  /** At most this many requests in one statement. */
  readonly size: number;
  /** At most this many statements at a time. */
  readonly flights: number;
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
  let waiting: Waiting<Key, Value>[] = [];
  let flights = 0;
  let scheduled = false;

  async function fly(batch: readonly Waiting<Key, Value>[]): Promise<void> {
    try {
      const values = await load(batch.map((request) => request.key));
      if (values.length !== batch.length) throw new Error(`asked ${batch.length}, answered ${values.length}`);
      values.forEach((value, index) => {
        batch[index]?.resolve(value);
      });
    } catch (error) {
      for (const request of batch) request.reject(error);
    }
    flights--;
    takeOff();
  }

  function takeOff(): void {
    scheduled = false;
    while (waiting.length > 0 && flights < limits.flights) {
      const batch = waiting.slice(0, limits.size);
      waiting = waiting.slice(limits.size);
      flights++;
      void fly(batch);
    }
  }

  return (key) =>
    new Promise((resolve, reject) => {
      waiting.push({ key, resolve, reject });
      if (scheduled || flights >= limits.flights) return;
      scheduled = true;
      queueMicrotask(takeOff);
    });
}
