/** Tests that the ticket list after changes equals a fresh load. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Filter,
  isFiltered,
  matches,
  withChanged,
  without,
  withPage,
  withUnread,
} from '../../../console/src/desk/list-model.ts';
import type { Ticket } from '../../../src/client/index.ts';
import { ticket } from './tickets.ts';

const numbers = (tickets: readonly Ticket[]) => tickets.map(({ number }) => number);

describe('a filter', () => {
  const one = ticket(1, { description: 'The Red scanner', requesterName: 'anna', assigneeId: '4', unread: 2 });

  it.each<[Filter, boolean]>([
    [{}, true],
    [{ status: 'open', assigneeId: '4', category: 'general', unread: true, q: 'red ANNA' }, true],
    [{ q: 'red blue' }, false],
    [{ status: 'closed' }, false],
    [{ assigneeId: '5' }, false],
    [{ category: 'payment' }, false],
    [{ q: '  ' }, true],
  ])('%j lets a ticket through or not', (filter, through) => {
    expect(matches(one, filter)).toBe(through);
  });

  it('of blanks only is no filter', () => {
    expect(isFiltered({ q: '  ' })).toBe(false);
    expect(isFiltered({ q: 'x' })).toBe(true);
  });
});

it('equals a fresh load after any changes', () => {
  const some = fc.record({
    number: fc.integer({ min: 1, max: 8 }),
    status: fc.constantFrom('open' as const, 'closed' as const),
  });
  fc.assert(
    fc.property(fc.array(some), fc.array(fc.array(some)), (first, rounds) => {
      const filter = { status: 'open' } as const;
      const all = new Map<string, Ticket>();
      let version = 0;
      const put = ({ number, status }: { number: number; status: 'open' | 'closed' }) => {
        version += 1;
        const made = ticket(number, { status, version });
        all.set(made.id, made);
        return made;
      };
      const fresh = () => [...all.values()].filter((one) => matches(one, filter)).sort((a, b) => b.number - a.number);
      first.forEach(put);
      let shown: readonly Ticket[] = fresh();
      for (const round of rounds) {
        const changed = new Map(round.map(put).map((one) => [one.id, one]));
        shown = withChanged({ tickets: shown, hasMore: false }, [...changed.values()], filter);
        expect(shown).toEqual(fresh());
      }
    }),
  );
});

it('leaves tickets older than all loaded ones to the next page', () => {
  const listed = { tickets: [ticket(9), ticket(7)], hasMore: true };
  expect(numbers(withChanged(listed, [ticket(3), ticket(8)], {}))).toEqual([9, 8, 7]);
  expect(numbers(withChanged({ ...listed, hasMore: false }, [ticket(3)], {}))).toEqual([9, 7, 3]);
});

it('keeps the ticket that the user reads, even when it no longer matches', () => {
  const listed = { tickets: [ticket(2), ticket(1)], hasMore: false };
  const closed = [2, 1].map((number) => ticket(number, { status: 'closed', version: 2 }));
  expect(withChanged(listed, closed, { status: 'open' }, 't1')).toEqual([closed[1]]);
});

it('keeps the newer version when answers arrive out of order', () => {
  const newer = ticket(1, { version: 5, status: 'resolved' });
  expect(withChanged({ tickets: [newer], hasMore: false }, [ticket(1, { version: 4 })], {})).toEqual([newer]);
});

it('has each ticket once when one arrives both live and with a page', () => {
  expect(numbers(withPage([ticket(3), ticket(2)], [ticket(2), ticket(1)]))).toEqual([3, 2, 1]);
});

it('is the same object when nothing has changed', () => {
  const tickets = [ticket(2, { unread: 1 }), ticket(1)];
  expect(withUnread(tickets, 't2', 1)).toBe(tickets);
  expect(withUnread(tickets, 't9', 4)).toBe(tickets);
  expect(without(tickets, new Set(['t9']))).toBe(tickets);
  expect(withUnread(tickets, 't1', 3)[1]).toMatchObject({ id: 't1', unread: 3 });
});
