/** A board on a real nats-server: texts arrive at once, are read by later processes, and expire. */
import { connect } from 'nats';
import { pino } from 'pino';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { connectBroker } from '../../../src/broker/connection.ts';
import type { Board } from '../../../src/broker/port.ts';
import { testKeys } from '../../support/cluster-keys.ts';
import { startNats, type TestNats } from '../../support/services.ts';
import { until } from '../../support/until.ts';

const log = pino({ level: 'silent' });
const resources = new AsyncDisposableStack();
let nats: TestNats;
let name = 0;
let one: Board;
let other: Board;
let received: string[];
let openBoards: (keptFor: number) => Promise<void>;

beforeAll(async () => {
  nats = resources.use(await startNats());
  const brokers = await Promise.all(
    ['one', 'other'].map(async (who) => {
      const { broker } = await connectBroker({
        url: nats.url,
        namespace: 'deskwire',
        keys: testKeys(),
        name: who,
        log,
      });
      resources.defer(() => broker.close());
      return broker;
    }),
  );
  openBoards = async (keptFor) => {
    name += 1;
    received = [];
    const boards = brokers.map((broker, index) => {
      const onPut = (text: string) => void (index === 1 && received.push(text));
      const board = broker.board(`test-${name}`, { keptFor, onPut });
      resources.defer(() => board.close());
      return board;
    });
    [one, other] = boards as [Board, Board];
    await Promise.all([one.ready, other.ready]);
  };
});
afterAll(() => resources.disposeAsync());
beforeEach(() => openBoards(60_000));

async function deleteBucket(): Promise<void> {
  const connection = await connect({ servers: new URL(nats.url).host });
  await (await connection.jetstreamManager()).streams.delete(`KV_deskwire-test-${name}`);
  await connection.close();
}

it('keeps the latest text of each key for later readers', async () => {
  expect(await other.read()).toEqual([]);
  for (const text of ['first', 'second']) await one.put('a.*', text);
  await one.put('b', 'third');
  expect((await other.read()).toSorted()).toEqual(['second', 'third']);
  await one.remove('b');
  expect(await other.read()).toEqual(['second']);
  await until(() => received.length === 3, 'all texts to arrive');
  expect(received).toEqual(['first', 'second', 'third']);
});

it('forgets a text that is not published again', async () => {
  await openBoards(500);
  await one.put('a', 'text');
  expect(await other.read()).toEqual(['text']);
  await until(async () => (await other.read()).length === 0, 'the text to be gone');
});

it('is created again after it was deleted, and listeners receive a text that could not be stored', async () => {
  await one.put('a', 'before');
  await deleteBucket();
  await expect(one.put('a', 'meanwhile')).rejects.toThrow();
  await one.put('a', 'after');
  expect(await other.read()).toEqual(['after']);
  await until(() => received.length === 3, 'all texts to arrive');
  expect(received).toEqual(['before', 'meanwhile', 'after']);
});
