/**
 * Loads a ticket over HTTP. Its fields and its latest messages are two requests, whose answers must have the same
 * epoch.
 */
import type { Cursor } from './follower.ts';
import type { Http } from './http.ts';
import { merged } from './ticket-state.ts';
import { type MessagePage, pathOf } from './tickets.ts';
import type { Message, Ticket } from './types.ts';

export interface LoadedTicket {
  readonly ticket: Ticket;
  /** Oldest first, complete up to `version`. */
  readonly messages: readonly Message[];
  /** Whether the messages join the known ones without a gap. */
  readonly continues: boolean;
  readonly hasOlder: boolean;
  readonly version: number;
  readonly epoch: string | undefined;
}

const LATEST = 50;
/**
 * Missed messages are fetched in pages of this size, up to so many pages. If more were missed, only the latest are
 * loaded.
 */
const PAGE = 200;
const PAGES = 10;

/**
 * `cursor`: the version up to which the ticket is known. The missed messages are then fetched, rather than only the
 * latest.
 */
export async function loadTicket(http: Http, id: string, cursor: Cursor | undefined): Promise<LoadedTicket> {
  const [one, page] = await Promise.all([
    http.request<Ticket>('GET', pathOf(id)),
    http.request<MessagePage>('GET', `${pathOf(id)}/messages`, { query: { limit: LATEST } }),
  ]);
  // The user's view changed between the two requests.
  if (one.epoch !== page.epoch) return loadTicket(http, id, cursor);
  const { messages, version, pagination } = page.body;
  const latest = { ticket: one.body, version, epoch: page.epoch };
  const whole = { ...latest, messages, continues: false, hasOlder: pagination.hasMore };
  if (cursor === undefined || cursor.epoch !== page.epoch) return whole;
  const first = messages[0]?.version ?? 0;
  const missed = first <= cursor.version ? [] : await missedMessages(http, id, cursor.version, first, page.epoch);
  return missed === undefined ? whole : { ...whole, messages: merged(missed, messages), continues: true };
}

/** Messages between two versions; undefined when there are too many, or when the epoch changed. */
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
