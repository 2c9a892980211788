/**
 * The list of tickets, kept current. It is loaded page by page while the user scrolls. The ids of changed tickets are
 * gathered for a moment and read together, so that a busy desk costs only a few requests per second.
 */
import { DeskwireError, type ListTickets, type Page, type Ticket } from '../../../src/client/index.ts';
import { type Filter, queryOf, withChanged, without, withPage, withUnread } from './list-model.ts';

export interface TicketListState {
  readonly filter: Filter;
  readonly tickets: readonly Ticket[];
  readonly status: 'loading' | 'ready' | 'failed';
  readonly hasMore: boolean;
}

export interface TicketList {
  readonly state: TicketListState;
  on(name: 'change', listener: (state: TicketListState) => void): () => void;
  filter(filter: Filter): void;
  loadMore(): void;
  /** Loads the list again, as far as it was loaded; the old tickets stay until then. */
  refresh(): void;
  /** Sets the ticket that the user is reading. */
  open(id: string | undefined): void;
  /** Takes over the current state of a ticket. */
  show(ticket: Ticket): void;
  /** Marks tickets as changed; they are read again soon. */
  changed(ids: readonly string[]): void;
  unread(id: string, unread: number): void;
  close(): void;
}

interface TicketListDeps {
  list(query: ListTickets): Promise<Page<Ticket>>;
  /** Reads the tickets with these ids that exist for this user. */
  read(ids: readonly string[]): Promise<readonly Ticket[]>;
  after(milliseconds: number, run: () => void): () => void;
}

const PAGE = 100;
const FIRST_PAGE = 50;
/** Milliseconds in which changes are gathered. */
const GATHER_FOR = 250;
/** Tickets that are read in one request; when more have changed, the list is loaded afresh. */
const READ_AT_ONCE = 100;

export function createTicketList({ list, read, after }: TicketListDeps): TicketList {
  const listeners = new Set<(state: TicketListState) => void>();
  let state: TicketListState = { filter: {}, tickets: [], status: 'loading', hasMore: false };
  let cursor: string | undefined;
  /** Counts loads; answers to an earlier load are ignored. */
  let attempt = 0;
  let loadingMore = false;
  let opened: string | undefined;
  let gathered = new Set<string>();
  let cancel: (() => void) | undefined;

  function update(changes: Partial<TicketListState>): void {
    state = { ...state, ...changes };
    for (const listener of listeners) listener(state);
  }

  /** Never rejects. */
  async function load(): Promise<void> {
    const number = ++attempt;
    loadingMore = false;
    try {
      const wanted = Math.max(state.tickets.length, FIRST_PAGE);
      let tickets: readonly Ticket[] = [];
      let next: string | null = null;
      do {
        const page: Page<Ticket> = await list(pageOf(next ?? undefined, Math.min(PAGE, wanted - tickets.length)));
        if (number !== attempt) return;
        tickets = withPage(tickets, page.items);
        next = page.nextCursor;
      } while (next !== null && tickets.length < wanted);
      cursor = next ?? undefined;
      update({ tickets, status: 'ready', hasMore: next !== null });
    } catch {
      // The connection indicator shows the reason; the next connection loads again.
      if (number === attempt && state.status === 'loading') update({ status: 'failed' });
    }
  }

  function pageOf(from: string | undefined, limit: number): ListTickets {
    return { ...queryOf(state.filter), limit: Math.max(1, limit), ...(from !== undefined && { cursor: from }) };
  }

  async function more(): Promise<void> {
    const number = attempt;
    const from = cursor;
    if (loadingMore || from === undefined || !state.hasMore) return;
    loadingMore = true;
    try {
      const { items, nextCursor } = await list(pageOf(from, PAGE));
      if (number !== attempt) return;
      cursor = nextCursor ?? undefined;
      update({ tickets: withPage(state.tickets, items), hasMore: nextCursor !== null });
    } catch {
      // Further scrolling tries again.
    } finally {
      if (number === attempt) loadingMore = false;
    }
  }

  /** Never rejects. */
  async function readChanged(): Promise<void> {
    cancel = undefined;
    const ids = [...gathered];
    gathered = new Set();
    if (ids.length > READ_AT_ONCE) return load();
    const number = attempt;
    try {
      const found = await read(ids);
      if (number !== attempt) return;
      const there = new Set(found.map(({ id }) => id));
      const gone = new Set(ids.filter((id) => !there.has(id)));
      const listed = { tickets: without(state.tickets, gone), hasMore: state.hasMore };
      update({ tickets: withChanged(listed, found, state.filter, opened) });
    } catch (error) {
      if (error instanceof DeskwireError && error.code === 'closed') return;
      // The next connection loads everything again.
    }
  }

  return {
    get state() {
      return state;
    },
    on(_name, listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    filter(filter) {
      update({ filter, tickets: [], status: 'loading', hasMore: false });
      void load();
    },
    loadMore: () => void more(),
    refresh: () => void load(),
    open(id) {
      opened = id;
    },
    show: (ticket) => update({ tickets: withChanged(state, [ticket], state.filter, opened) }),
    changed(ids) {
      for (const id of ids) gathered.add(id);
      if (gathered.size > 0) cancel ??= after(GATHER_FOR, () => void readChanged());
    },
    unread: (id, unread) => {
      const tickets = withUnread(state.tickets, id, unread);
      if (tickets !== state.tickets) update({ tickets });
    },
    close() {
      attempt += 1;
      cancel?.();
      listeners.clear();
    },
  };
}
