/** Two storages for the outbox: nothing but memory, and what browsers call `localStorage` or `sessionStorage`. */
import type { OutboxStorage, StoredCommand } from './outbox.ts';

/** What is not sent when the process or page ends is lost. */
export function memoryStorage(): OutboxStorage {
  const commands = new Map<string, StoredCommand>();
  return {
    list: () => [...commands.values()],
    put: (command) => void commands.set(command.id, command),
    remove: (id) => void commands.delete(id),
  };
}

/**
 * `storage`: `localStorage`, say. Each command has a key of its own, so that several pages share it: what two of them
 * send, both with its id, the server takes once. What others left there that cannot be read is left alone.
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
