/**
 * The user's drafts, kept by the page's browser as the console keeps them. Whose they are is known only once the server
 * has accepted the token; until then they are in memory.
 */
import { createDraftStore, type DraftStore, memoryDraftStore } from '../console/src/writing/draft-store.ts';
import { createDrafts, type Drafts } from '../console/src/writing/drafts.ts';
import { followStorage } from '../console/src/writing/follow-storage.ts';
import type { Client } from '../src/client/index.ts';
import { LIMITS } from '../src/contract/limits.ts';

export function createWidgetDrafts(client: Client): Drafts {
  const opened = new Set<string>();
  const early = memoryDraftStore();
  let store: DraftStore = early;
  let unfollow = () => {};
  const drafts = createDrafts({
    store: {
      get(ticketId) {
        opened.add(ticketId);
        return store.get(ticketId);
      },
      put: (ticketId, draft) => store.put(ticketId, draft),
      tickets: () => store.tickets(),
    },
    largestFile: LIMITS.fileBytes,
    upload: (ticketId, file, options) => client.tickets.upload(ticketId, file, options),
    previewOf: () => undefined,
    forgetPreview: () => undefined,
  });

  function keep(): void {
    const userId = client.connection.me?.id;
    if (userId === undefined || store !== early) return;
    try {
      store = createDraftStore(localStorage, userId);
    } catch {
      // The page may not use storage: the drafts last as long as the page.
      return;
    }
    // What was written already is newer than what an earlier page has left.
    for (const ticketId of early.tickets()) store.put(ticketId, early.get(ticketId));
    for (const ticketId of opened) drafts.changedElsewhere(ticketId);
    unfollow = followStorage(window, store, drafts);
  }

  const unsubscribe = client.connection.on('state', keep);
  return {
    ...drafts,
    close() {
      unsubscribe();
      unfollow();
      drafts.close();
    },
  };
}
