/**
 * State of the signed-in user that outlives a view: the list of tickets, drafts, and the users whom tickets can be
 * assigned to.
 */
import type { Client, Me } from '../../../src/client/index.ts';
import { LIMITS } from '../../../src/contract/limits.ts';
import { maySeeEveryTicket } from '../../../src/domain/access.ts';
import { STAFF_ROLES } from '../../../src/domain/user/identity.ts';
import { createDraftStore } from '../writing/draft-store.ts';
import { createDrafts, type Drafts } from '../writing/drafts.ts';
import { createTicketList, type TicketList } from './ticket-list.ts';

export interface Person {
  readonly id: string;
  readonly name: string;
  readonly role: Me['role'];
  readonly email?: string;
}

export interface Desk {
  readonly list: TicketList;
  readonly drafts: Drafts;
  /** The users whom tickets can be assigned to, by name; requested once. */
  staff(): Promise<readonly Person[]>;
  people(words: string): Promise<readonly Person[]>;
  close(): void;
}

export function createDesk(client: Client, me: Me, storage: Storage): Desk {
  const store = createDraftStore(storage, me.id);
  const drafts = createDrafts({
    store,
    largestFile: LIMITS.fileBytes,
    upload: (ticketId, file, options) => client.tickets.upload(ticketId, { content: file, name: file.name }, options),
    previewOf: (file) => (file.type.startsWith('image/') ? URL.createObjectURL(file) : undefined),
    forgetPreview: (url) => URL.revokeObjectURL(url),
  });
  const onStorage = ({ key }: StorageEvent) => {
    const ticketId = key === null ? undefined : store.ticketOf(key);
    if (ticketId !== undefined) drafts.changedElsewhere(ticketId);
  };
  window.addEventListener('storage', onStorage);
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
  let staff: Promise<readonly Person[]> | undefined;

  async function users(query: object): Promise<readonly Person[]> {
    return (await client.request<{ items: readonly Person[] }>('GET', '/api/v1/users', { query })).items;
  }

  async function readStaff(): Promise<readonly Person[]> {
    const byRole = await Promise.all(STAFF_ROLES.map((role) => users({ role, active: true, limit: 100 })));
    return byRole.flat().sort((a, b) => a.name.localeCompare(b.name));
  }

  return {
    list,
    drafts,
    staff() {
      staff ??= readStaff().catch((error: unknown) => {
        staff = undefined;
        throw error;
      });
      return staff;
    },
    people: (words) => users({ q: words, active: true, limit: 20 }),
    close() {
      window.removeEventListener('storage', onStorage);
      drafts.close();
      for (const one of unsubscribes) one();
      list.close();
    },
  };
}
