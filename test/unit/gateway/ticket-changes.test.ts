/** Test that ids of changed tickets are gathered, sent after the read models show the changes, and never omitted. */
import { expect, it } from 'vitest';
import type { EventHandler } from '../../../src/broker/port.ts';
import type { RecordedEvent } from '../../../src/domain/event.ts';
import type { Client } from '../../../src/gateway/connection/client.ts';
import { createTicketChanges } from '../../../src/gateway/delivery/ticket-changes.ts';
import type { ChangedTickets } from '../../../src/gateway/dialects/dialect.ts';
import { until } from '../../support/until.ts';

/** A fake broker, a fake waiter, and an agent who follows all tickets. */
async function desk() {
  const sent: ChangedTickets[] = [];
  const sentTo: { readonly userId: string; readonly changed: ChangedTickets }[] = [];
  const waits: { readonly position: number; arrive(): void }[] = [];
  const registered = Promise.withResolvers<void>();
  const leaving = new AbortController();
  let onEvent: EventHandler | undefined;
  let reconnect = () => undefined as unknown;
  let position = 0;
  const changes = createTicketChanges({
    broker: {
      live: {
        subscribe: () => ({ ready: Promise.resolve(), close: () => undefined }),
        subscribeKind(_kind, handler) {
          onEvent = handler;
          return {
            ready: registered.promise,
            close() {
              onEvent = undefined;
            },
          };
        },
        deliver: () => undefined,
      },
      onReconnected(listener) {
        reconnect = listener;
        return () => undefined;
      },
    },
    waiter: {
      waitFor(wanted) {
        const { promise, resolve } = Promise.withResolvers<boolean>();
        waits.push({ position: wanted, arrive: () => resolve(true) });
        return promise;
      },
    } as Parameters<typeof createTicketChanges>[0]['waiter'],
    gather: 1,
    send(client, changed) {
      sentTo.push({ userId: client.user.id, changed });
      if (client.user.id === '4') sent.push(changed);
    },
    onError(error) {
      throw error;
    },
  });
  const client = { user: { id: '4', name: 'agent', role: 'agent', active: true }, leaving: leaving.signal };
  expect(changes.follow(client as unknown as Client)).toBe(true);
  const next = async () => {
    await until(() => waits.length > 0, 'a wait for the read model', { everyMs: 1 });
    return waits.shift() ?? { position: 0, arrive: () => undefined };
  };
  registered.resolve();
  (await next()).arrive();
  await until(() => sent.length === 1, '`all` to be sent', { everyMs: 1 });
  sent.length = 0;
  return {
    sent,
    next,
    leave: () => leaving.abort(),
    isListening: () => onEvent !== undefined,
    reconnect: () => reconnect(),
    /** What a user who does not see every ticket receives. */
    asRequester(userId: string) {
      const user = { id: userId, name: 'driver', role: 'driver', active: true };
      expect(changes.follow({ user, leaving: leaving.signal } as unknown as Client)).toBe(false);
      return () => sentTo.filter((one) => one.userId === userId).map(({ changed }) => changed);
    },
    change(id: string, type = 'MessagePosted', data: object = {}) {
      position += 1;
      onEvent?.({ stream: `ticket.${id}`, type, position, data } as unknown as RecordedEvent);
      return position;
    },
    async [Symbol.asyncDispose]() {
      changes.close();
    },
  };
}

it('sends the changes of a short time together, after the read models show all of them', async () => {
  await using one = await desk();
  one.change('a');
  one.change('b');
  const last = one.change('a');
  const wait = await one.next();
  expect(wait.position).toBe(last);
  expect(one.sent).toEqual([]);
  wait.arrive();
  await until(() => one.sent.length > 0, 'the changes', { everyMs: 1 });
  expect(one.sent).toEqual([{ ticketIds: ['a', 'b'], all: false }]);
});

it('sends changes during the wait afterwards', async () => {
  await using one = await desk();
  one.change('a');
  const wait = await one.next();
  one.change('b');
  wait.arrive();
  (await one.next()).arrive();
  await until(() => one.sent.length > 1, 'the later change', { everyMs: 1 });
  expect(one.sent.map(({ ticketIds }) => ticketIds)).toEqual([['a'], ['b']]);
});

it('sends `all` when too many tickets have changed, and when changes may have been missed', async () => {
  await using one = await desk();
  for (let at = 0; at < 300; at += 1) one.change(`t${at}`);
  (await one.next()).arrive();
  await until(() => one.sent.length === 1, 'the changes', { everyMs: 1 });
  one.reconnect();
  (await one.next()).arrive();
  await until(() => one.sent.length === 2, 'the reconnection', { everyMs: 1 });
  expect(one.sent).toEqual([
    { ticketIds: [], all: true },
    { ticketIds: [], all: true },
  ]);
});

it('is subscribed only while a client follows', async () => {
  await using one = await desk();
  expect(one.isListening()).toBe(true);
  one.leave();
  expect(one.isListening()).toBe(false);
});

it.each([
  ['TicketOpened', { requesterId: '8' }],
  ['ParticipantAdded', { userId: '8' }],
  ['ParticipantRemoved', { userId: '8' }],
  ['TicketChanged', { changes: { assignee: { from: null, to: { id: '8' } } } }],
  ['TicketChanged', { changes: { assignee: { from: { id: '8' }, to: null } } }],
])('sends a user the id of a ticket whose %s names them, and of no other ticket', async (type, data) => {
  await using one = await desk();
  const [named, stranger] = [one.asRequester('8'), one.asRequester('9')];
  one.change('a', type, data);
  one.change('b');
  one.change('c', 'TicketChanged', { changes: { status: { from: 'open', to: 'pending' } } });
  (await one.next()).arrive();
  await until(() => one.sent.length > 0, 'the changes', { everyMs: 1 });
  expect(named()).toEqual([{ ticketIds: ['a'], all: false }]);
  expect(stranger()).toEqual([]);
});
