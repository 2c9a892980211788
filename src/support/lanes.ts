/** Serial queues by key. Tasks of one lane run one after the other, in the order given. Lanes run concurrently. */

export interface Lanes<Key> {
  /** Settles as the task does. A task that fails does not stop later ones. */
  run<T>(key: Key, task: () => Promise<T> | T): Promise<T>;
}

export function createLanes<Key>(): Lanes<Key> {
  /** Resolves when the last task of a lane has ended. An idle lane has no entry. */
  const ends = new Map<Key, Promise<void>>();
  return {
    async run(key, task) {
      const before = ends.get(key);
      const end = Promise.withResolvers<void>();
      ends.set(key, end.promise);
      try {
        await before;
        return await task();
      } finally {
        if (ends.get(key) === end.promise) ends.delete(key);
        end.resolve();
      }
    },
  };
}
