/** State of the signed-in user that outlives a view: the list of tickets, and drafts. Finds users by words. */
import type { Client, Me, Page } from '../../../src/client/index.ts';
import { LIMITS } from '../../../src/contract/limits.ts';
import { maySeeEveryTicket } from '../../../src/domain/access.ts';
import { createDraftStore } from '../writing/draft-store.ts';
import { createDrafts, type Drafts } from '../writing/drafts.ts';
import { followStorage } from '../writing/follow-storage.ts';
import { createTicketList, type TicketList } from './ticket-list.ts';

export interface Person {
  readonly id: string;
  readonly name: string;
  readonly role: Me['role'];
  readonly email?: string;
}

export interface FoundPeople {
  readonly people: readonly Person[];
  readonly pages: number;
  readonly hasMore: boolean;
}

export interface Desk {
  readonly list: TicketList;
  readonly drafts: Drafts;
  /** The users whom tickets can be assigned to and whose name or email has the words: the first pages, by name. */
  assignable(words: string, pages: number, signal: AbortSignal): Promise<FoundPeople>;
  /** The name of somebody whom this page has seen; their id otherwise. */
  nameOf(userId: string): string;
  people(words: string): Promise<readonly Person[]>;
  close(): void;
}

/** People in a page. */
const PAGE = 50;

export function createDesk(client: Client, me: Me, storage: Storage): Desk {
  const store = createDraftStore(storage, me.id);
  const drafts = createDrafts({
    store,
    largestFile: LIMITS.fileBytes,
    upload: (ticketId, file, options) => client.tickets.upload(ticketId, { content: file, name: file.name }, options),
    previewOf: (file) => (file.type.startsWith('image/') ? URL.createObjectURL(file) : undefined),
    forgetPreview: (url) => URL.revokeObjectURL(url),
  });
  const unfollow = followStorage(window, store, drafts);
  const list = createTicketList({
    list: (query) => client.tickets.list(query),
    read: async (ids) => (await client.tickets.list({ ids, limit: 100 })).items,
    after(milliseconds, run) {
      const timer = setTimeout(run, milliseconds);
      return () => clearTimeout(timer);
    },
  });
  /**
   * Users who see every ticket are notified of every change. Others learn of changes to their tickets through the
   * inbox.
   */
  const seesAll = maySeeEveryTicket({ role: me.role, active: true });
  let wasUp = false;
  const unsubscribes = [
    client.connection.on('state', (state) => {
      const up = state === 'live' || state === 'replaying';
      if (up && !wasUp && !seesAll) list.refresh();
      wasUp = up;
    }),
    client.tickets.on('changed', ({ ticketIds, all }) => (all ? list.refresh() : list.changed(ticketIds))),
    client.tickets.on('unread', ({ ticketId, unread }) => {
      list.unread(ticketId, unread);
      list.changed([ticketId]);
    }),
    client.inbox.on('notification', ({ data }) => {
      if (typeof data.ticketId === 'string') list.changed([data.ticketId]);
    }),
  ];
  const names = new Map<string, string>();

  async function users(query: object, signal?: AbortSignal): Promise<Page<Person>> {
    const found = await client.request<Page<Person>>('GET', '/api/v1/users', { query, ...(signal && { signal }) });
    for (const { id, name } of found.items) names.set(id, name);
    return found;
  }

  async function assignable(words: string, pages: number, signal: AbortSignal): Promise<FoundPeople> {
    const query = { assignable: true, limit: PAGE, ...(words !== '' && { q: words }) };
    const people: Person[] = [];
    let cursor: string | undefined;
    for (let page = 1; page <= pages; page += 1) {
      const { items, nextCursor } = await users({ ...query, cursor }, signal);
      people.push(...items);
      if (nextCursor === null) return { people, pages: page, hasMore: false };
      cursor = nextCursor;
    }
    return { people, pages, hasMore: true };
  }

  return {
    list,
    drafts,
    assignable,
    nameOf: (userId) => names.get(userId) ?? userId,
    people: async (words) => (await users({ q: words, active: true, limit: 20 })).items,
    close() {
      unfollow();
      drafts.close();
      for (const one of unsubscribes) one();
      list.close();
    },
  };
}
