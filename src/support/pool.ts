/**
 * A bounded set of items that their owners hold open, such as connections or requests whose bodies still arrive. When
 * an owner, or all owners together, hold too many, the oldest item is evicted. So a flood of items that stay open never
 * refuses short ones, even of the same owner.
 */

export interface PoolLimits {
  readonly perOwner: number;
  readonly total: number;
}

export interface Pool<Item> {
  /** Adds an item, and evicts the oldest when there are too many. */
  add(owner: string, item: Item): void;
  /** Ignores an item that is not in the pool. */
  remove(item: Item): void;
  readonly size: number;
}

/** `evict` is called after the item has left the pool. */
export function createPool<Item>({ perOwner, total }: PoolLimits, evict: (item: Item) => void): Pool<Item> {
  // Both keep the order in which items were added.
  const owners = new Map<Item, string>();
  const items = new Map<string, Set<Item>>();

  function remove(item: Item): boolean {
    const owner = owners.get(item);
    if (owner === undefined) return false;
    owners.delete(item);
    const held = items.get(owner);
    held?.delete(item);
    if (held?.size === 0) items.delete(owner);
    return true;
  }

  function evictFirst(candidates: Iterable<Item>): void {
    for (const item of candidates) {
      remove(item);
      evict(item);
      return;
    }
  }

  return {
    add(owner, item) {
      const held = items.get(owner) ?? new Set();
      items.set(owner, held.add(item));
      owners.set(item, owner);
      if (held.size > perOwner) evictFirst(held);
      else if (owners.size > total) evictFirst(owners.keys());
    },
    remove,
    get size() {
      return owners.size;
    },
  };
}
