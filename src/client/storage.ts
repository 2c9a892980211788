/** Two storages for the outbox: memory, and the browser's `localStorage` or `sessionStorage`. */
import type { OutboxStorage, StoredCommand } from './outbox.ts';

/** Commands that are not sent when the process or page ends are lost. */
export function memoryStorage(): OutboxStorage {
  const commands = new Map<string, StoredCommand>();
  return {
    list: () => [...commands.values()],
    put: (command) => void commands.set(command.id, command),
    remove: (id) => void commands.delete(id),
  };
}

/**
 * `storage`: `localStorage`, say. Each command has its own key, so that several pages share the storage. If two pages
 * send the same command, the server carries it out once, since both send its id. Entries that cannot be read are left
 * alone.
 */
export function webStorage(storage: Storage, prefix = 'deskwire:outbox:'): OutboxStorage {
  function read(key: string): StoredCommand[] {
    try {
      const value: unknown = JSON.parse(storage.getItem(key) ?? 'null');
      return isCommand(value) ? [value] : [];
    } catch {
      return [];
    }
  }

  return {
    list: () =>
      Array.from({ length: storage.length }, (_, index) => storage.key(index) ?? '')
        .filter((key) => key.startsWith(prefix))
        .flatMap(read),
    put: (command) => storage.setItem(prefix + command.id, JSON.stringify(command)),
    remove: (id) => storage.removeItem(prefix + id),
  };
}

function isCommand(value: unknown): value is StoredCommand {
  if (typeof value !== 'object' || value === null) return false;
  const { id, userId, order, lane, method, path } = value as Record<string, unknown>;
  const texts = [id, userId, lane, method, path].every((one) => typeof one === 'string');
  return texts && typeof order === 'number';
}
