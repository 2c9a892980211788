/** Follows the drafts that other pages of the browser change. */
import type { DraftStore } from './draft-store.ts';

/** Reports drafts that other pages of the browser changed, until the returned function is called. */
export function followStorage(
  page: Pick<Window, 'addEventListener' | 'removeEventListener'>,
  store: Pick<DraftStore, 'ticketOf'>,
  drafts: { changedElsewhere(ticketId: string): void },
): () => void {
  const listener = ({ key }: StorageEvent) => {
    const ticketId = key === null ? undefined : store.ticketOf(key);
    if (ticketId !== undefined) drafts.changedElsewhere(ticketId);
  };
  page.addEventListener('storage', listener);
  return () => page.removeEventListener('storage', listener);
}
