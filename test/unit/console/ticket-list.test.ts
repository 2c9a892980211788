/** Tests how the ticket list is loaded, filtered and kept current. */
import { expect, it } from 'vitest';
import { createTicketList } from '../../../console/src/desk/ticket-list.ts';
import type { ListTickets, Page, Ticket } from '../../../src/client/index.ts';
import { ticket } from './tickets.ts';

/** A server with tickets; the test decides when it answers. */
function desk(count: number) {
  const tickets = new Map(Array.from({ length: count }, (_, at) => ticket(at + 1)).map((one) => [one.id, one]));
  const asked: { query: ListTickets; answer(): void }[] = [];
  const read: (readonly string[])[] = [];
  const planned: (() => void)[] = [];

  function page({ cursor, limit = 50, status }: ListTickets): Page<Ticket> {
    const before = cursor === undefined ? Number.POSITIVE_INFINITY : Number(cursor);
    const fitting = [...tickets.values()]
      .filter((one) => one.number < before && (status === undefined || one.status === status))
      .sort((a, b) => b.number - a.number);
    const items = fitting.slice(0, limit);
    return { items, nextCursor: fitting.length > limit ? String(items.at(-1)?.number) : null };
  }

  const list = createTicketList({
    list(query) {
      const { promise, resolve } = Promise.withResolvers<Page<Ticket>>();
      asked.push({ query, answer: () => resolve(page(query)) });
      return promise;
    },
    async read(ids) {
      read.push(ids);
      return ids.flatMap((id) => tickets.get(id) ?? []);
    },
    after(_milliseconds, run) {
      planned.push(run);
      return () => void planned.splice(planned.indexOf(run), 1);
    },
  });
  const settle = () => new Promise((resolve) => setImmediate(resolve));
  return {
    list,
    tickets,
    asked,
    read,
    planned,
    async answerAll() {
      while (asked.length > 0) {
        asked.shift()?.answer();
        await settle();
      }
    },
    async passTime() {
      for (const run of planned.splice(0)) run();
      await settle();
    },
    shown: () => list.state.tickets.map(({ number }) => number),
  };
}

it('loads a page, and the next one once when asked', async () => {
  const { list, answerAll, asked, shown } = desk(170);
  list.refresh();
  expect(list.state.status).toBe('loading');
  await answerAll();
  expect(shown()).toHaveLength(50);
  expect(list.state).toMatchObject({ status: 'ready', hasMore: true });
  list.loadMore();
  list.loadMore();
  expect(asked).toHaveLength(1);
  await answerAll();
  list.loadMore();
  await answerAll();
  expect(shown()).toEqual(Array.from({ length: 170 }, (_, at) => 170 - at));
  expect(list.state.hasMore).toBe(false);
});

it('reads tickets that change within a moment in one request', async () => {
  const { list, tickets, answerAll, passTime, read } = desk(3);
  list.refresh();
  await answerAll();
  tickets.set('t2', ticket(2, { status: 'pending', version: 2 }));
  tickets.set('t4', ticket(4));
  tickets.delete('t1');
  list.changed(['t2']);
  list.changed(['t4', 't1', 't2']);
  await passTime();
  expect(read).toEqual([['t2', 't4', 't1']]);
  expect(list.state.tickets.map(({ number, status }) => [number, status])).toEqual([
    [4, 'open'],
    [3, 'open'],
    [2, 'pending'],
  ]);
});

it('loads the list again, as far as it was loaded, when too many tickets changed', async () => {
  const { list, answerAll, passTime, asked, read, shown } = desk(250);
  list.refresh();
  await answerAll();
  list.loadMore();
  await answerAll();
  list.changed(Array.from({ length: 200 }, (_, at) => `t${at}`));
  await passTime();
  expect(read).toEqual([]);
  expect(asked.length).toBe(1);
  await answerAll();
  expect(shown()).toHaveLength(150);
});

it('shows the result of the last filter, whatever the order of the answers', async () => {
  const { list, tickets, asked, answerAll, shown } = desk(3);
  tickets.set('t1', ticket(1, { status: 'closed' }));
  list.refresh();
  list.filter({ status: 'closed' });
  asked.pop()?.answer();
  await answerAll();
  expect(shown()).toEqual([1]);
  expect(list.state.filter).toEqual({ status: 'closed' });
});

it('fails when it could not be loaded, and keeps its tickets when only a refresh fails', async () => {
  let fails = true;
  const list = createTicketList({
    list: async () => {
      if (fails) throw new Error('away');
      return { items: [ticket(1)], nextCursor: null };
    },
    read: async () => [],
    after: () => () => undefined,
  });
  const settle = () => new Promise((resolve) => setImmediate(resolve));
  list.refresh();
  await settle();
  expect(list.state.status).toBe('failed');
  fails = false;
  list.refresh();
  await settle();
  fails = true;
  list.refresh();
  await settle();
  expect(list.state).toMatchObject({ status: 'ready', tickets: [{ number: 1 }] });
});
