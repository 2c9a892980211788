/** Tests that typing is sent no more often than needed, and that it always ends. */
import { expect, it } from 'vitest';
import { createEmitter } from '../../../src/client/emitter.ts';
import type { Link, LinkEvents } from '../../../src/client/link.ts';
import { createPresence } from '../../../src/client/presence.ts';
import { createWorld } from './world.ts';

function setUp() {
  const world = createWorld();
  const events = createEmitter<LinkEvents>();
  const sent: string[] = [];
  const seen: string[] = [];
  const link: Link = {
    on: events.on,
    up: true,
    request: () => undefined,
    send: (name) => void sent.push(name),
    catchingUp: () => undefined,
  };
  const presence = createPresence({
    ticketId: 't',
    link,
    surroundings: world.surroundings,
    onTyping: ({ userName, typing }, all) =>
      void seen.push(`${userName} ${typing ? 'types' : 'ends'} (${all.map((one) => one.userName)})`),
    onPresence: ({ userName, present }) => void seen.push(`${userName} ${present ? 'comes' : 'leaves'}`),
  });
  const send = (name: string, userName: string, ticketId = 't') =>
    events.emit('event', { name, payload: { ticketId, userId: userName, userName } });
  return { world, events, sent, seen, presence, send };
}

it('sends the start of typing once, again before the server ends it, and its end', async () => {
  const { world, sent, presence } = setUp();
  presence.type(true, false);
  presence.type(true, false);
  expect(sent).toEqual(['typing_start']);
  await world.pass(2_999);
  presence.type(true, false);
  expect(sent).toEqual(['typing_start']);
  await world.pass(1);
  presence.type(true, false);
  expect(sent).toEqual(['typing_start', 'typing_start']);
  presence.type(false, false);
  presence.type(false, false);
  expect(sent).toEqual(['typing_start', 'typing_start', 'typing_stop']);
});

it('ends typing by itself when no key is pressed', async () => {
  const { world, sent, presence } = setUp();
  presence.type(true, false);
  await world.pass(5_000);
  expect(sent).toEqual(['typing_start', 'typing_stop']);
});

it('sends the start again at once when the message becomes an internal note', () => {
  const { sent, presence } = setUp();
  presence.type(true, false);
  presence.type(true, true);
  expect(sent).toEqual(['typing_start', 'typing_start']);
});

it('shows each typing user once, until they stop, post, leave, or send nothing more', async () => {
  const { world, seen, presence, send } = setUp();
  send('user_typing', 'Ann');
  send('user_typing', 'Ann');
  send('user_typing', 'Bob');
  send('user_typing', 'Eve', 'another ticket');
  send('user_stopped_typing', 'Ann');
  presence.posted('Bob');
  expect(seen).toEqual(['Ann types (Ann)', 'Bob types (Ann,Bob)', 'Ann ends (Bob)', 'Bob ends ()']);
  send('user_typing', 'Ann');
  send('user_left', 'Ann');
  send('user_typing', 'Bob');
  await world.pass(9_000);
  expect(seen.slice(4)).toEqual(['Ann types (Ann)', 'Ann ends ()', 'Ann leaves', 'Bob types (Bob)', 'Bob ends ()']);
});

it('shows nobody typing when the connection has ended', () => {
  const { events, seen, send } = setUp();
  send('user_typing', 'Ann');
  events.emit('down', undefined);
  expect(seen.at(-1)).toBe('Ann ends ()');
});

it('joins and leaves once', () => {
  const { sent, presence } = setUp();
  presence.join(7);
  presence.leave();
  presence.leave();
  presence.close();
  expect(sent).toEqual(['join_ticket', 'leave_ticket']);
});
