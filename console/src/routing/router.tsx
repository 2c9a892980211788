/** Where we are, by the browser's own history: links are links, and Back goes back. */
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
  const tell = () => {
    for (const listener of listeners) listener();
  };
  page.addEventListener('popstate', tell);
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
      tell();
    },
  };
}

const RouterContext = createContext<RouterStore | undefined>(undefined);

export const RouteWith = RouterContext.Provider;

export function useRouter(): Router {
  const store = useContext(RouterContext);
  if (store === undefined) throw new Error('There is no router around this');
  const path = useSyncExternalStore(store.subscribe, store.path);
  return useMemo(() => ({ path, go: store.go }), [path, store]);
}

interface LinkProps extends AnchorHTMLAttributes<HTMLAnchorElement> {
  readonly to: string;
}

/** A link within the console; with a modifier key it does what links do. */
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
