/** Test presence over a real broker, without sockets, when a node starts and when a node leaves. */
import { pino } from 'pino';
import { expect, it } from 'vitest';
import { connectBroker } from '../../../src/broker/connection.ts';
import { createPresence } from '../../../src/cluster/presence/presence.ts';
import { testKeys } from '../../support/cluster-keys.ts';
import { startNats } from '../../support/services.ts';
import { until } from '../../support/until.ts';

const log = pino({ level: 'silent' });
/** Milliseconds, so long that no notice is published again while the test runs. */
const paces = { silentAfter: 60_000, keptFor: 3_600_000 };

it('a node that starts reads the presence of others, and the presence of a node that leaves ends at once', async () => {
  await using parts = new AsyncDisposableStack();
  const nats = parts.use(await startNats());
  const start = async (self: string) => {
    const { broker } = await connectBroker({ url: nats.url, namespace: 'deskwire', keys: testKeys(), name: self, log });
    parts.defer(() => broker.close());
    const clock = () => performance.now();
    return { broker, presence: createPresence({ self, broker, now: Date.now, clock, log, paces }) };
  };
  const { broker, presence: first } = await start('first');
  first.join();
  const users = Array.from({ length: 1_000 }, (_, index) => ({ id: `user-${index}`, name: `User ${index}` }));
  for (const user of users) first.enter('online', user);
  first.enter('room:hall', { id: 'user-1', name: 'User 1' });
  const board = broker.board('presence', { keptFor: paces.keptFor, onPut: () => undefined });
  await until(async () => (await board.read()).length > 200, 'the notices to be on the board');

  const { presence: second } = await start('second');
  await until(() => second.users === users.length, 'the second node to read the presence');
  expect(second.online(['user-1', 'nobody'])).toEqual(new Set(['user-1']));
  expect([second.rooms, second.others]).toEqual([1, ['first']]);

  await first.close();
  await until(() => second.users === 0, 'the presence of the first node to end');
  expect([second.rooms, second.others, await board.read()]).toEqual([0, [], []]);
  board.close();
  await second.close();
});
