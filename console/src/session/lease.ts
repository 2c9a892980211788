/**
 * A lock over the pages of a browser that has no Web Locks: pages over http, except on localhost. A page takes the lock
 * by writing its name into the storage, and has it when its name is still there a moment later. Two pages that write at
 * the same time can, very seldom, both believe that they have it; for that, the server lets a refresh be repeated.
 * A page that ends while it has the lock leaves it until `LEASE` has passed.
 */
interface LeaseDeps {
  readonly storage: Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>;
  readonly now: () => number;
  readonly newId: () => string;
  wait(milliseconds: number): Promise<void>;
}

const KEY = 'deskwire:lease';
/** Milliseconds. Longer than an answer takes, shorter than anybody waits for a page. */
const LEASE = 10_000;
/** Milliseconds in which other pages see what was written. */
const SETTLE = 50;

export function createLease({ storage, now, newId, wait }: LeaseDeps): <T>(run: () => Promise<T>) => Promise<T> {
  let queue: Promise<unknown> = Promise.resolve();

  function holder(): string | undefined {
    const [id, until] = (storage.getItem(KEY) ?? '').split(' ');
    const left = Number(until) - now();
    // A device whose clock was set back must not wait for hours.
    return left > 0 && left <= LEASE ? id : undefined;
  }

  async function acquire(id: string): Promise<void> {
    for (;;) {
      if (holder() === undefined) {
        storage.setItem(KEY, `${id} ${now() + LEASE}`);
        await wait(SETTLE);
        if (holder() === id) return;
      }
      await wait(SETTLE);
    }
  }

  async function exclusively<T>(run: () => Promise<T>): Promise<T> {
    const id = newId();
    await acquire(id);
    try {
      return await run();
    } finally {
      if (holder() === id) storage.removeItem(KEY);
    }
  }

  return (run) => {
    const mine = queue.then(() => exclusively(run));
    queue = mine.catch(() => undefined);
    return mine;
  };
}
