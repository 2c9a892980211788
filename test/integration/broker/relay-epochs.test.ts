/** The relay starts a new epoch, or a new stream, when history was replaced. */
import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createAppender } from '../../../src/eventlog/appender.ts';
import { renewEpoch } from '../../../src/eventlog/epoch.ts';
import { messageAppend } from '../../support/events.ts';
import { until } from '../../support/until.ts';
import { append, createRelayNodes, type RelayNodes, STREAM } from './relay-nodes.ts';

let nodes: RelayNodes;

beforeEach(async () => {
  nodes = await createRelayNodes();
});
afterEach(() => nodes[Symbol.asyncDispose]());

it('starts a new epoch when JetStream holds more events than the log', async () => {
  const node = await nodes.start();
  await append(node, 20);
  await nodes.untilStored(20);
  const before = await node.reader.head();
  await node.close();
  await restoreBackup(12);
  const restored = await nodes.start();
  const epochs: unknown[] = [];
  restored.broker.signals.subscribe(['epoch'], (payload) => epochs.push(payload));
  await nodes.untilStored(12);
  const after = await restored.reader.head();
  expect(after.epoch).not.toBe(before.epoch);
  await append(restored, 3);
  await nodes.untilStored(15);
  const { config } = await nodes.manager.streams.info(STREAM);
  expect(config.description).toContain(after.epoch);
});

it('starts a new epoch when the log has another event at the last position of JetStream', async () => {
  const node = await nodes.start();
  await append(node, 20);
  await nodes.untilStored(20);
  const before = await node.reader.head();
  await node.close();
  await restoreBackup(12);
  const pool = new pg.Pool({ connectionString: nodes.database.url });
  const appender = createAppender(pool, { maxFlushEvents: 500, maxQueuedEvents: 500 });
  for (let i = 0; i < 9; i += 1) await appender.append(messageAppend(`ticket.${randomUUID()}`, 0));
  await pool.end();
  const restored = await nodes.start();
  await nodes.untilStored(21);
  expect((await restored.reader.head()).epoch).not.toBe(before.epoch);
  expect(await nodes.stored()).toEqual(await restored.reader.readLog(0, 100));
});

it('creates a new stream when another process started a new epoch, also while it publishes without a pause', async () => {
  const node = await nodes.start();
  await append(node, 5);
  await nodes.untilStored(5);
  const pool = new pg.Pool({ connectionString: nodes.database.url });
  const epoch = await renewEpoch(pool, (await node.reader.head()).epoch);
  await pool.end();
  let created = false;
  const load = (async () => {
    while (!created) await append(node, 1);
  })();
  node.broker.signals.publish(['epoch'], { epoch });
  const ofEpoch = async () => (await nodes.manager.streams.info(STREAM)).config.description?.includes(epoch);
  await until(ofEpoch, 'a stream of the new epoch').finally(() => {
    created = true;
  });
  await load;
  await nodes.untilStored((await node.reader.head()).position);
  expect(await nodes.stored()).toEqual(await node.reader.readLog(0, 10_000));
});

/** Makes the log as it was at `position`, like a restored backup. */
async function restoreBackup(position: number): Promise<void> {
  const client = new pg.Client({ connectionString: nodes.database.url });
  await client.connect();
  await client.query('delete from deskwire.events where position > $1', [position]);
  await client.end();
}
