/** Renders a component again whenever an object with `state` emits `change`. */
import { useCallback, useSyncExternalStore } from 'react';

interface Watched {
  /** A new object after each change. */
  readonly state: unknown;
  on(name: 'change', listener: () => void): () => void;
}

export function useWatched<Some extends Watched>(watched: Some): Some['state'] {
  const subscribe = useCallback((listener: () => void) => watched.on('change', listener), [watched]);
  return useSyncExternalStore(subscribe, () => watched.state);
}
