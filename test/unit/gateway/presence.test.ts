/** Who is where over several processes, without a broker between them: what is told, and what is made of it. */
import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { createNeighbours, type Neighbours } from '../../../src/cluster/presence/neighbours.ts';
import { type Content, noticeIn, SHARDS, shardOf, textOf } from '../../../src/cluster/presence/notice.ts';
import { createRoster, type Place, type Roster } from '../../../src/cluster/presence/roster.ts';

const TICKET: Place = 'ticket:t';
const ann = { id: 'a', name: 'Ann' };
let told: string[];
let roster: Roster;
let neighbours: Neighbours;
let time: number;
beforeEach(() => {
  told = [];
  time = 0;
  roster = createRoster((place, { id, name }, change) => told.push(`${place} ${id} ${name} ${change}`));
  neighbours = createNeighbours({ self: 'me', clock: () => time, enter: roster.enter, leave: roster.leave });
});

const content = (...ids: string[]): Content => new Map([[TICKET, new Map(ids.map((id) => [id, `User ${id}`]))]]);
const notice = (node: string, number: number, ...ids: string[]) => textOf(node, 7, number, content(...ids));

describe('a roster', () => {
  it('tells of whoever comes first and goes last', () => {
    roster.enter(TICKET, ann);
    roster.enter(TICKET, ann);
    roster.leave(TICKET, 'a');
    expect(told).toEqual(['ticket:t a Ann joined']);
    roster.leave(TICKET, 'a');
    roster.leave(TICKET, 'a');
    expect(told).toEqual(['ticket:t a Ann joined', 'ticket:t a Ann left']);
  });

  it('counts the rooms with somebody in them', () => {
    for (const place of ['room:x', 'room:x', 'room:y', 'ticket:z', 'online'] as const) roster.enter(place, ann);
    expect([roster.rooms, roster.count('online')]).toEqual([2, 1]);
    for (const place of ['room:x', 'room:y', 'room:x'] as const) roster.leave(place, 'a');
    expect(roster.rooms).toBe(0);
  });
});

describe('what other processes told', () => {
  it('counts while they are heard of, whichever came first', () => {
    neighbours.receive(notice('n', 1, 'a'));
    expect(told).toEqual([]);
    neighbours.add('n');
    neighbours.remove('n');
    neighbours.add('n');
    expect(told).toEqual(['ticket:t a User a joined', 'ticket:t a User a left', 'ticket:t a User a joined']);
  });

  it('is replaced by what is newer, and by nothing older', () => {
    neighbours.add('n');
    neighbours.receive(notice('n', 2, 'a', 'b'));
    neighbours.receive(notice('n', 1, 'c'));
    neighbours.receive(notice('n', 3, 'b', 'd'));
    const changes = ['a User a joined', 'b User b joined', 'd User d joined', 'a User a left'];
    expect(told).toEqual(changes.map((change) => `ticket:t ${change}`));
  });

  it('leaves somebody there who is with another one, too', () => {
    for (const node of ['n', 'm']) {
      neighbours.add(node);
      neighbours.receive(notice(node, 1, 'a'));
    }
    neighbours.remove('n');
    expect(told).toEqual(['ticket:t a User a joined']);
    neighbours.receive(notice('m', 2));
    expect(told.at(-1)).toBe('ticket:t a User a left');
  });

  it('is forgotten when it is not put up again', () => {
    neighbours.add('n');
    neighbours.receive(notice('n', 1, 'a'));
    time = 10;
    neighbours.receive(notice('n', 1, 'a'));
    neighbours.forgetBefore(10);
    expect(told).toHaveLength(1);
    neighbours.forgetBefore(11);
    expect(told.at(-1)).toBe('ticket:t a User a left');
  });

  it('is not what this process itself put up', () => {
    neighbours.add('me');
    neighbours.receive(notice('me', 1, 'a'));
    expect(told).toEqual([]);
  });

  it.each(['', 'x', 'n 7 1', 'n 256 1\n[]', 'n 7 1\n{}', 'n 7 1\n[["elsewhere",[]]]', 'n 7 1\n['])(
    'is refused when it is no notice: %j',
    (text) => {
      neighbours.add('n');
      expect(() => neighbours.receive(text)).toThrow();
      neighbours.receive(notice('n', 1, 'a'));
      expect(told).toHaveLength(1);
    },
  );
});

it('a notice holds whatever ids and names there are', () => {
  const text = fc.string({ unit: 'binary' });
  fc.assert(
    fc.property(fc.array(fc.tuple(text, text), { maxLength: 5 }), (people) => {
      const given: Content = new Map([['ticket:x', new Map(people)]]);
      expect(noticeIn(textOf('n', 3, 9, given))?.content()).toEqual(given);
    }),
  );
});

it('the users and tickets of a process are spread over its notices', () => {
  const spread = (placeOf: (index: number) => Place) =>
    new Set(Array.from({ length: 10_000 }, (_, index) => shardOf(placeOf(index), { id: `user-${index}` }))).size;
  expect(spread(() => 'online')).toBe(SHARDS);
  expect(spread((index) => `ticket:${index}`)).toBe(SHARDS);
});
