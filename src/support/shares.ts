/**
 * Counts the places that each owner has taken, up to a bound for each owner. An owner without a place takes no memory.
 */

export interface Shares {
  /** Takes a place for this owner; false when all its places are taken. */
  take(owner: string): boolean;
  /** Gives back a place that was taken. */
  release(owner: string): void;
}

export function createShares(perOwner: number): Shares {
  const taken = new Map<string, number>();
  return {
    take(owner) {
      const count = taken.get(owner) ?? 0;
      if (count >= perOwner) return false;
      taken.set(owner, count + 1);
      return true;
    },
    release(owner) {
      const count = (taken.get(owner) ?? 0) - 1;
      if (count > 0) taken.set(owner, count);
      else taken.delete(owner);
    },
  };
}
