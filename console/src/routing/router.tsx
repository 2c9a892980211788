/** The current path, kept in the browser's history, so that links and the Back button work as usual. */
import {
  type AnchorHTMLAttributes,
  createContext,
  type MouseEvent,
  useContext,
  useMemo,
  useSyncExternalStore,
} from 'react';

export interface Router {
  readonly path: string;
  go(path: string, how?: 'push' | 'replace'): void;
}

interface RouterStore {
  path(): string;
  subscribe(listener: () => void): () => void;
  go(path: string, how?: 'push' | 'replace'): void;
}

export function createRouter(page: Window): RouterStore {
  const listeners = new Set<() => void>();
  const notify = () => {
    for (const listener of listeners) listener();
  };
  page.addEventListener('popstate', notify);
  return {
    path: () => page.location.pathname,
    subscribe(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    go(path, how = 'push') {
      if (path === page.location.pathname) return;
      if (how === 'push') page.history.pushState(null, '', path);
      else page.history.replaceState(null, '', path);
      notify();
    },
  };
}

const RouterContext = createContext<RouterStore | undefined>(undefined);

export const RouterProvider = RouterContext.Provider;

export function useRouter(): Router {
  const store = useContext(RouterContext);
  if (store === undefined) throw new Error('There is no router around this');
  const path = useSyncExternalStore(store.subscribe, store.path);
  return useMemo(() => ({ path, go: store.go }), [path, store]);
}

interface LinkProps extends AnchorHTMLAttributes<HTMLAnchorElement> {
  readonly to: string;
}

/** A link within the console. With a modifier key it behaves like an ordinary link. */
export function Link({ to, onClick, children, ...rest }: LinkProps) {
  const { go } = useRouter();
  function follow(event: MouseEvent<HTMLAnchorElement>): void {
    onClick?.(event);
    if (event.defaultPrevented || event.button !== 0) return;
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    go(to);
  }
  return (
    <a href={to} onClick={follow} {...rest}>
      {children}
    </a>
  );
}
