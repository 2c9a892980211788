/**
 * A registry of resources that several holders share. The first holder opens a resource. After the last release the
 * resource stays open for a while, because a user who leaves a page often comes back.
 */

export interface Lingering<Key, Resource> extends Iterable<Resource> {
  /** Returns the resource of this key, and opens it if there is none. Release it once, even after `drop`. */
  acquire(key: Key, open: () => Resource): Resource;
  /** Adds a holder to a resource that is open. */
  retain(key: Key, resource: Resource): void;
  release(key: Key, resource: Resource): void;
  get(key: Key): Resource | undefined;
  /** Closes a resource now, even if it has holders. Does nothing if it is not the open resource of its key. */
  drop(key: Key, resource: Resource): void;
  /** Drops all. */
  clear(): void;
}

export interface LingeringOptions<Resource> {
  /** Milliseconds that a resource stays open after its last release. */
  readonly linger: number;
  close(resource: Resource): void;
  /** Returns false for a resource that closes at its last release, because no holder can come back to it. */
  lingers?(resource: Resource): boolean;
}

interface Entry<Resource> {
  readonly resource: Resource;
  holders: number;
  timer: NodeJS.Timeout | undefined;
}

export function createLingering<Key, Resource>(options: LingeringOptions<Resource>): Lingering<Key, Resource> {
  const entries = new Map<Key, Entry<Resource>>();

  function entryOf(key: Key, resource: Resource): Entry<Resource> | undefined {
    const entry = entries.get(key);
    return entry?.resource === resource ? entry : undefined;
  }

  function add(key: Key, resource: Resource): Entry<Resource> {
    const entry: Entry<Resource> = { resource, holders: 0, timer: undefined };
    entries.set(key, entry);
    return entry;
  }

  function drop(key: Key, resource: Resource): void {
    const entry = entryOf(key, resource);
    if (entry === undefined) return;
    clearTimeout(entry.timer);
    entries.delete(key);
    options.close(resource);
  }

  return {
    acquire(key, open) {
      const entry = entries.get(key) ?? add(key, open());
      clearTimeout(entry.timer);
      entry.holders += 1;
      return entry.resource;
    },
    retain(key, resource) {
      const entry = entryOf(key, resource);
      if (entry !== undefined) entry.holders += 1;
    },
    release(key, resource) {
      const entry = entryOf(key, resource);
      if (entry === undefined) return;
      entry.holders -= 1;
      if (entry.holders > 0) return;
      if (options.lingers?.(resource) === false) drop(key, resource);
      else entry.timer = setTimeout(drop, options.linger, key, resource).unref();
    },
    get: (key) => entries.get(key)?.resource,
    drop,
    clear() {
      for (const [key, { resource }] of [...entries]) drop(key, resource);
    },
    *[Symbol.iterator]() {
      for (const { resource } of entries.values()) yield resource;
    },
  };
}
