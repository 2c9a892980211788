/** Tests a conversation as rows. */
import { expect, it } from 'vitest';
import { type Row, rowsOf } from '../../../console/src/views/chat/rows.ts';
import type { Message, OutgoingMessage, Participant } from '../../../src/client/index.ts';

const at = (minutes: number) => new Date(Date.UTC(2026, 2, 1, 10, minutes)).toISOString();
const DAY = 86_400_000;
const dayEnd = (time: number) => Math.floor(time / DAY) * DAY + DAY;

function message(version: number, senderId: string, more: Partial<Message> = {}): Message {
  return {
    id: `m${version}`,
    ticketId: 't1',
    version,
    senderId,
    sender: { id: senderId, name: `name ${senderId}`, role: 'agent' },
    message: `said ${version}`,
    messageType: 'TEXT',
    attachments: [],
    internal: false,
    createdAt: at(version),
    updatedAt: at(version),
    ...more,
  };
}

const reader = (userId: string, lastReadVersion: number): Participant => ({
  ...{ userId, name: `name ${userId}`, role: 'driver', online: true },
  lastReadVersion,
});

function rows(messages: readonly Message[], more: Partial<Parameters<typeof rowsOf>[0]> = {}): Row[] {
  return rowsOf({ messages, outgoing: [], people: [], hasOlder: true, ...more }, 'me', dayEnd);
}

const places = (all: readonly Row[]) =>
  all.flatMap((row) => (row.kind === 'message' ? [[row.message.id, row.isFirst, row.isLast]] : []));

it('starts with the description of the ticket once everything is loaded', () => {
  expect(rows([], { hasOlder: false }).map(({ kind }) => kind)).toEqual(['opening']);
  expect(rows([message(1, 'me')]).map(({ kind }) => kind)).toEqual(['day', 'message']);
});

it('names a sender once, until another sender, a note, a pause or a new day follows', () => {
  const all = rows([
    message(1, 'a'),
    message(2, 'a'),
    message(3, 'a', { internal: true }),
    message(4, 'b'),
    message(20, 'b'),
    message(21, 'b', { createdAt: '2026-03-02T00:00:00.000Z' }),
  ]);
  expect(places(all)).toEqual([
    ['m1', true, false],
    ['m2', false, true],
    ['m3', true, true],
    ['m4', true, true],
    ['m20', true, true],
    ['m21', true, true],
  ]);
  expect(all.filter(({ kind }) => kind === 'day')).toHaveLength(2);
});

it('shows the time at the end of a day, even if the sender continues after it', () => {
  const midnight = Date.UTC(2026, 2, 2);
  const [before, after] = [midnight - 60_000, midnight + 60_000].map((time) => new Date(time).toISOString());
  const all = rows([message(1, 'a', { createdAt: before ?? '' }), message(2, 'a', { createdAt: after ?? '' })]);
  expect(places(all)).toEqual([
    ['m1', true, true],
    ['m2', true, true],
  ]);
});

it('separates system messages from those of users', () => {
  const all = rows([message(1, 'a'), message(2, 'a', { messageType: 'SYSTEM' }), message(3, 'a')]);
  expect(all.map(({ kind }) => kind)).toEqual(['day', 'message', 'system', 'message']);
  expect(places(all)).toEqual([
    ['m1', true, true],
    ['m3', true, true],
  ]);
});

it('shows each reader at the last message that they have read, but not at a message of their own', () => {
  const people = [reader('a', 2), reader('b', 3), reader('c', 9), reader('me', 9), reader('d', 0)];
  const all = rows([message(1, 'me'), message(2, 'me'), message(3, 'b'), message(5, 'me')], { people });
  const readBy = all.flatMap((row) => (row.kind === 'message' ? [row.readBy] : []));
  expect(readBy).toEqual([[], ['name a'], [], ['name c']]);
});

it('keeps the key of a message from the moment it is written', () => {
  const waiting: OutgoingMessage = {
    id: 'mine-1',
    ticketId: 't1',
    message: 'Hello',
    state: 'pending',
    createdAt: at(2),
  };
  const before = rows([message(1, 'a')], { outgoing: [waiting] });
  const after = rows([message(1, 'a'), message(2, 'me', { clientMessageId: 'mine-1' })]);
  expect(after.map(({ key }) => key)).toEqual(before.map(({ key }) => key));
  expect(before.at(-1)).toMatchObject({ kind: 'outgoing', isFirst: true });
});

it('keeps messages apart whose senders chose the same id, and an id like that of a message', () => {
  const waiting: OutgoingMessage = { id: 'same', ticketId: 't1', message: 'mine', state: 'pending', createdAt: at(9) };
  const posted = [
    message(1, 'a', { clientMessageId: 'same' }),
    message(2, 'b', { clientMessageId: 'same' }),
    message(3, 'b', { clientMessageId: 'm1' }),
    message(4, 'me', { clientMessageId: 'm2' }),
  ];
  const keys = rows(posted, { outgoing: [waiting] }).map(({ key }) => key);
  expect(new Set(keys).size).toBe(keys.length);
});
