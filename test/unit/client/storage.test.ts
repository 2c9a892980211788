/** Tests where the outbox is kept: the page's `localStorage`, shared with other entries. */
import { expect, it } from 'vitest';
import type { StoredCommand } from '../../../src/client/outbox.ts';
import { webStorage } from '../../../src/client/storage.ts';

/** A page's storage in memory. */
function pageStorage(): Storage {
  const items = new Map<string, string>();
  return {
    get length() {
      return items.size;
    },
    key: (index) => [...items.keys()][index] ?? null,
    getItem: (key) => items.get(key) ?? null,
    setItem: (key, value) => void items.set(key, value),
    removeItem: (key) => void items.delete(key),
    clear: () => items.clear(),
  };
}

const command = (id: string): StoredCommand => ({
  id,
  userId: '1',
  order: 1,
  lane: 'ticket:t',
  kind: 'post',
  method: 'POST',
  path: '/',
  body: { message: 'hi' },
  createdAt: '2026-01-01T00:00:00.000Z',
});

it('lists the stored commands, also on the next page', async () => {
  const page = pageStorage();
  const storage = webStorage(page);
  await storage.put(command('a'));
  await storage.put(command('b'));
  await storage.put({ ...command('a'), order: 2 });
  await storage.remove('b');
  expect(await webStorage(page).list()).toEqual([{ ...command('a'), order: 2 }]);
});

it('leaves alone the entries of others, and entries that cannot be read', async () => {
  const page = pageStorage();
  page.setItem('theme', 'dark');
  page.setItem('deskwire:outbox:broken', '{"id":');
  page.setItem('deskwire:outbox:other', '{"id":7}');
  const storage = webStorage(page);
  expect(await storage.list()).toEqual([]);
  await storage.put(command('a'));
  await storage.remove('a');
  expect(page.getItem('theme')).toBe('dark');
});
