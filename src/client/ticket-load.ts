/** Loading a ticket over HTTP: its fields and the latest messages are two reads, which must be of the same history. */
import type { Cursor } from './follower.ts';
import type { Http } from './http.ts';
import { merged } from './ticket-state.ts';
import { type MessagePage, pathOf } from './tickets.ts';
import type { Message, Ticket } from './types.ts';

export interface LoadedTicket {
  readonly ticket: Ticket;
  /** Oldest first, complete up to `version`. */
  readonly messages: readonly Message[];
  /** Whether they follow, without a gap, on what was known before. */
  readonly continues: boolean;
  readonly hasOlder: boolean;
  readonly version: number;
  readonly epoch: string | undefined;
}

const LATEST = 50;
/** Messages that were missed are fetched in pages of this size, up to so many pages; beyond, only the latest are. */
const PAGE = 200;
const PAGES = 10;

/** `cursor`: up to where it is known; what is missing is then fetched, rather than the latest messages alone. */
export async function loadTicket(http: Http, id: string, cursor: Cursor | undefined): Promise<LoadedTicket> {
  const [one, page] = await Promise.all([
    http.request<Ticket>('GET', pathOf(id)),
    http.request<MessagePage>('GET', `${pathOf(id)}/messages`, { query: { limit: LATEST } }),
  ]);
  // What this user may see changed between the two.
  if (one.epoch !== page.epoch) return loadTicket(http, id, cursor);
  const { messages, version, pagination } = page.body;
  const latest = { ticket: one.body, version, epoch: page.epoch };
  const whole = { ...latest, messages, continues: false, hasOlder: pagination.hasMore };
  if (cursor === undefined || cursor.epoch !== page.epoch) return whole;
  const first = messages[0]?.version ?? 0;
  const missed = first <= cursor.version ? [] : await missedMessages(http, id, cursor.version, first, page.epoch);
  return missed === undefined ? whole : { ...whole, messages: merged(missed, messages), continues: true };
}

/** Those after a version and before another; undefined when there are too many, or when the history changed. */
async function missedMessages(
  http: Http,
  id: string,
  after: number,
  before: number,
  epoch: string | undefined,
): Promise<readonly Message[] | undefined> {
  let missed: readonly Message[] = [];
  for (let pages = 0; pages < PAGES; pages += 1) {
    const query = { after: missed.at(-1)?.version ?? after, limit: PAGE };
    const page = await http.request<MessagePage>('GET', `${pathOf(id)}/messages`, { query });
    if (page.epoch !== epoch) return undefined;
    missed = merged(
      missed,
      page.body.messages.filter(({ version }) => version < before),
    );
    if (!page.body.pagination.hasMore || page.body.messages.some(({ version }) => version >= before)) return missed;
  }
  return undefined;
}

export async function olderMessages(http: Http, id: string, before: number, limit: number) {
  const page = await http.request<MessagePage>('GET', `${pathOf(id)}/messages`, { query: { before, limit } });
  return { messages: page.body.messages, hasOlder: page.body.pagination.hasMore, epoch: page.epoch };
}
