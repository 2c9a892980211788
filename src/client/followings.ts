/**
 * What is followed, by name. What nobody uses any more is followed for a while yet, so that going back to it shows it
 * at once; only so many, since a server bounds how much one connection follows.
 */
import type { Surroundings } from './surroundings.ts';

export interface Following {
  close(): void;
}

export interface Followings<F extends Following> {
  /** Of this name, made when there is none. */
  get(name: string): F;
  /** If it is followed. */
  find(name: string): F | undefined;
  close(): void;
}

interface Parts<F> {
  make(name: string, onUnused: () => void): F;
  readonly surroundings: Pick<Surroundings, 'after'>;
  /** Milliseconds that something unused is still followed. */
  readonly linger: number;
}

const MOST_UNUSED = 8;

export function createFollowings<F extends Following>({ make, surroundings, linger }: Parts<F>): Followings<F> {
  const all = new Map<string, F>();
  const unused = new Map<string, () => void>();

  function use(name: string): void {
    unused.get(name)?.();
    unused.delete(name);
  }

  function end(name: string): void {
    use(name);
    all.get(name)?.close();
    all.delete(name);
  }

  function onUnused(name: string): void {
    unused.set(
      name,
      surroundings.after(linger, () => end(name)),
    );
    const [oldest] = unused.keys();
    if (unused.size > MOST_UNUSED && oldest !== undefined) end(oldest);
  }

  return {
    get(name) {
      use(name);
      const known = all.get(name) ?? make(name, () => onUnused(name));
      all.set(name, known);
      return known;
    },
    find: (name) => all.get(name),
    close() {
      for (const name of [...all.keys()]) end(name);
    },
  };
}
