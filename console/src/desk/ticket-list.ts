/**
 * The list of tickets, kept current: loaded page by page as somebody scrolls, and changed as tickets change. Which have
 * changed comes from `changes`; they are read a little later, together, so that a busy desk costs a few requests a second,
 * however much happens.
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
  /** As far as it was loaded; what is shown stays until then. */
  refresh(): void;
  /** The ticket that somebody reads. */
  open(id: string | undefined): void;
  /** A ticket as it is now. */
  show(ticket: Ticket): void;
  /** These are different now, somehow. */
  changed(ids: readonly string[]): void;
  unread(id: string, unread: number): void;
  close(): void;
}

interface Parts {
  list(query: ListTickets): Promise<Page<Ticket>>;
  /** Those of them that there are, for this user. */
  read(ids: readonly string[]): Promise<readonly Ticket[]>;
  after(milliseconds: number, run: () => void): () => void;
}

const PAGE = 100;
const FIRST_PAGE = 50;
/** Milliseconds in which changes are gathered. */
const GATHER = 250;
/** Tickets that are read at once; when more have changed, the list is loaded afresh. */
const AT_ONCE = 100;

export function createTicketList({ list, read, after }: Parts): TicketList {
  const listeners = new Set<(state: TicketListState) => void>();
  let state: TicketListState = { filter: {}, tickets: [], status: 'loading', hasMore: false };
  let cursor: string | undefined;
  /** Counts what makes answers under way void. */
  let attempt = 0;
  let loadingMore = false;
  let opened: string | undefined;
  let gathered = new Set<string>();
  let callOff: (() => void) | undefined;

  function update(changes: Partial<TicketListState>): void {
    state = { ...state, ...changes };
    for (const listener of listeners) listener(state);
  }

  /** Never rejects. */
  async function load(): Promise<void> {
    const mine = ++attempt;
    loadingMore = false;
    try {
      const wanted = Math.max(state.tickets.length, FIRST_PAGE);
      let tickets: readonly Ticket[] = [];
      let next: string | null = null;
      do {
        const page: Page<Ticket> = await list(pageOf(next ?? undefined, Math.min(PAGE, wanted - tickets.length)));
        if (mine !== attempt) return;
        tickets = withPage(tickets, page.items);
        next = page.nextCursor;
      } while (next !== null && tickets.length < wanted);
      cursor = next ?? undefined;
      update({ tickets, status: 'ready', hasMore: next !== null });
    } catch {
      // The connection's indicator says why; with the next connection it is loaded again.
      if (mine === attempt && state.status === 'loading') update({ status: 'failed' });
    }
  }

  function pageOf(from: string | undefined, limit: number): ListTickets {
    return { ...queryOf(state.filter), limit: Math.max(1, limit), ...(from !== undefined && { cursor: from }) };
  }

  async function more(): Promise<void> {
    const mine = attempt;
    const from = cursor;
    if (loadingMore || from === undefined || !state.hasMore) return;
    loadingMore = true;
    try {
      const { items, nextCursor } = await list(pageOf(from, PAGE));
      if (mine !== attempt) return;
      cursor = nextCursor ?? undefined;
      update({ tickets: withPage(state.tickets, items), hasMore: nextCursor !== null });
    } catch {
      // Scrolling on tries again.
    } finally {
      if (mine === attempt) loadingMore = false;
    }
  }

  /** Never rejects. */
  async function readChanged(): Promise<void> {
    callOff = undefined;
    const ids = [...gathered];
    gathered = new Set();
    if (ids.length > AT_ONCE) return load();
    const mine = attempt;
    try {
      const found = await read(ids);
      if (mine !== attempt) return;
      const there = new Set(found.map(({ id }) => id));
      const gone = new Set(ids.filter((id) => !there.has(id)));
      const listed = { tickets: without(state.tickets, gone), hasMore: state.hasMore };
      update({ tickets: withChanged(listed, found, state.filter, opened) });
    } catch (error) {
      if (error instanceof DeskwireError && error.code === 'closed') return;
      // With the next connection everything is loaded again.
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
      if (gathered.size > 0) callOff ??= after(GATHER, () => void readChanged());
    },
    unread: (id, unread) => {
      const tickets = withUnread(state.tickets, id, unread);
      if (tickets !== state.tickets) update({ tickets });
    },
    close() {
      attempt += 1;
      callOff?.();
      listeners.clear();
    },
  };
}
