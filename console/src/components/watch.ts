/** Whatever emits `change` and has a `state` of its own, as a component sees it. */
import { useCallback, useSyncExternalStore } from 'react';

interface Watched {
  /** Another object after each change. */
  readonly state: unknown;
  on(name: 'change', listener: () => void): () => void;
}

export function useWatched<Some extends Watched>(watched: Some): Some['state'] {
  const subscribe = useCallback((listener: () => void) => watched.on('change', listener), [watched]);
  return useSyncExternalStore(subscribe, () => watched.state);
}
