/**
 * What the desk keeps for whoever is signed in, whichever view they look at: the list of tickets and the people whom tickets
 * can be assigned to.
 */
import { type Client, DeskwireError, type Me, type Ticket } from '../../../../src/client/index.ts';
import { createTicketList, type TicketList } from './ticket-list.ts';

export interface Person {
  readonly id: string;
  readonly name: string;
  readonly role: Me['role'];
  readonly email?: string;
}

export interface Desk {
  readonly list: TicketList;
  /** What is written and not sent yet, by ticket. */
  readonly drafts: Map<string, string>;
  /** Those whom tickets can be assigned to, by name; asked for once. */
  staff(): Promise<readonly Person[]>;
  people(words: string): Promise<readonly Person[]>;
  close(): void;
}

const STAFF_ROLES = ['agent', 'admin', 'ops', 'accounts'];
const SIDE_BY_SIDE = 6;

export function createDesk(client: Client): Desk {
  const list = createTicketList({
    list: (query) => client.tickets.list(query),
    read: (ids) => readAll(client, ids),
    after(milliseconds, run) {
      const timer = setTimeout(run, milliseconds);
      return () => clearTimeout(timer);
    },
  });
  let wasUp = false;
  const ignore = [
    client.connection.on('state', (state) => {
      const up = state === 'live' || state === 'replaying';
      if (up && !wasUp) list.refresh();
      wasUp = up;
    }),
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

  list.refresh();
  return {
    list,
    drafts: new Map(),
    staff() {
      staff ??= readStaff().catch((error: unknown) => {
        staff = undefined;
        throw error;
      });
      return staff;
    },
    people: (words) => users({ q: words, active: true, limit: 20 }),
    close() {
      for (const one of ignore) one();
      list.close();
    },
  };
}

async function readAll({ tickets }: Client, ids: readonly string[]): Promise<readonly Ticket[]> {
  const found: Ticket[] = [];
  const waiting = [...ids];
  const reader = async () => {
    for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
      const ticket = await tickets.get(id).catch(nothingIfGone);
      if (ticket !== undefined) found.push(ticket);
    }
  };
  await Promise.all(Array.from({ length: SIDE_BY_SIDE }, reader));
  return found;
}

function nothingIfGone(error: unknown): undefined {
  if (error instanceof DeskwireError && error.code === 'not_found') return undefined;
  throw error;
}
