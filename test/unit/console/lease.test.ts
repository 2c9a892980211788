/** Tests the lock over pages that have no Web Locks. */
import { expect, it } from 'vitest';
import { createLease } from '../../../console/src/session/lease.ts';

/** A browser whose clock runs only while a page waits. */
function browser() {
  const kept = new Map<string, string>();
  let time = 1_000_000;
  let pages = 0;
  const sleeping: { readonly until: number; readonly wake: () => void }[] = [];
  async function pass(): Promise<void> {
    for (let turn = 0; turn < 10_000; turn += 1) {
      await new Promise((resolve) => setImmediate(resolve));
      const next = sleeping.sort((a, b) => a.until - b.until).shift();
      if (next === undefined) return;
      time = Math.max(time, next.until);
      next.wake();
    }
    throw new Error('A page waits for ever');
  }
  return {
    kept,
    pass,
    page() {
      pages += 1;
      const name = pages;
      let ids = 0;
      return createLease({
        storage: {
          getItem: (key) => kept.get(key) ?? null,
          setItem: (key, value) => void kept.set(key, value),
          removeItem: (key) => void kept.delete(key),
        },
        now: () => time,
        newId: () => `page${name}-${++ids}`,
        wait: (milliseconds) =>
          new Promise((wake) => void sleeping.push({ until: time + milliseconds, wake: () => wake() })),
      });
    },
  };
}

it('lets one page at a time work, and each of them once', async () => {
  const { page, pass, kept } = browser();
  const locks = [page(), page(), page()];
  const done: string[] = [];
  let working = 0;
  const work = (name: string) => async () => {
    expect(++working).toBe(1);
    await new Promise((resolve) => setImmediate(resolve));
    working -= 1;
    done.push(name);
    return name;
  };
  const results = Promise.all(['a', 'b', 'c', 'd'].map((name, index) => locks[index % 3]?.(work(name))));
  await pass();
  expect(await results).toEqual(['a', 'b', 'c', 'd']);
  expect(done.toSorted()).toEqual(['a', 'b', 'c', 'd']);
  expect(kept.size).toBe(0);
});

it('goes on after work that failed, and after a page that ended while it had the lock', async () => {
  const { page, pass, kept } = browser();
  const lock = page();
  const failed = lock(() => Promise.reject(new Error('no'))).catch((error) => error.message);
  await pass();
  expect(await failed).toBe('no');
  kept.set('deskwire:lease', 'gone 1005000');
  const next = page()(async () => 'in');
  await pass();
  expect(await next).toBe('in');
});

it.each(['nonsense', 'gone NaN', 'gone 99999999999999', ''])('does not wait for an entry like %j', async (entry) => {
  const { page, pass, kept } = browser();
  kept.set('deskwire:lease', entry);
  const next = page()(async () => 'in');
  await pass();
  expect(await next).toBe('in');
});
