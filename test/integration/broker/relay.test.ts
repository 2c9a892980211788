/**
 * The relay publishes every commit of every process in log order, also after losses of its lock, NATS or the stream.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { publishBatch } from '../../../src/broker/publisher.ts';
import type { RecordedEvent } from '../../../src/domain/event.ts';
import { createAppender } from '../../../src/eventlog/appender.ts';
import { openDedicatedConnection, PING_EVERY } from '../../../src/eventlog/dedicated-connection.ts';
import { messageAppend } from '../../support/events.ts';
import { until } from '../../support/until.ts';
import { append, createRelayNodes, type Node, type RelayNodes, STREAM } from './relay-nodes.ts';

let nodes: RelayNodes;

beforeEach(async () => {
  nodes = await createRelayNodes();
});
afterEach(() => nodes[Symbol.asyncDispose]());

it('publishes its own commits from memory, each with its position as sequence', async () => {
  const node = await nodes.start();
  await append(node, 1);
  await nodes.untilStored(1);
  node.blind = true;
  const events = await append(node, 300);
  await nodes.untilStored(301);
  expect((await nodes.stored()).slice(1)).toEqual(events);
  expect(node.relay.position).toBe(301);
});

it('reads commits of other processes from Postgres after their hint', async () => {
  const leader = await nodes.start();
  await until(() => leader.relay.leading, 'a leader');
  const other = await nodes.start();
  await append(other, 50);
  await nodes.untilStored(50);
  expect(other.relay.leading).toBe(false);
  expect(leader.reads).toEqual(Array.from({ length: 50 }, (_, i) => i + 1));
});

it('notices a commit without a hint by its timer', async () => {
  const leader = await nodes.start();
  await append(leader, 1);
  await nodes.untilStored(1);
  const pool = new pg.Pool({ connectionString: nodes.database.url });
  await createAppender(pool, { maxFlushEvents: 1, maxQueuedEvents: 1 }).append(messageAppend('ticket.quiet', 0));
  await pool.end();
  await nodes.untilStored(2);
});

it('publishes interleaved commits of several processes in log order', async () => {
  const pair = [await nodes.start(), await nodes.start()];
  await Promise.all(Array.from({ length: 20 }, (_, i) => append(pair[i % 2] as Node, 10)));
  await nodes.untilStored(200);
  expect((await nodes.stored()).map((event) => event.position)).toEqual(Array.from({ length: 200 }, (_, i) => i + 1));
});

it('hands over to another process when it closes, and JetStream refuses later messages of the old leader', async () => {
  const [first, second] = [await nodes.start(), await nodes.start()];
  await until(() => first.relay.leading || second.relay.leading, 'a leader');
  const leader = first.relay.leading ? first : second;
  const follower = leader === first ? second : first;
  const [event] = await append(leader, 1);
  await nodes.untilStored(1);
  await leader.relay.close();
  await until(() => follower.relay.leading, 'the other to lead');
  await append(follower, 5);
  await nodes.untilStored(6);
  await expect(publishBatch(leader.connection, 'an epoch', [event as RecordedEvent])).rejects.toThrow(
    'wrong last sequence',
  );
  const later = { ...(event as RecordedEvent), position: 9 };
  await expect(publishBatch(leader.connection, 'an epoch', [later])).rejects.toThrow('wrong last sequence');
  expect((await nodes.stored()).map((one) => one.position)).toEqual([1, 2, 3, 4, 5, 6]);
});

it('leads again after its database connection was lost', async () => {
  const node = await nodes.start();
  await append(node, 3);
  await nodes.untilStored(3);
  const admin = new pg.Client({ connectionString: nodes.database.url });
  await admin.connect();
  await admin.query(`select pg_terminate_backend(pid) from pg_stat_activity
    where datname = current_database() and application_name = 'relay'`);
  await admin.end();
  await append(node, 3);
  await nodes.untilStored(6);
});

it('keeps its connection and its lead while it publishes without a pause', async () => {
  const idleTimeout = 1.5 * PING_EVERY;
  const node = await nodes.start({ idleTimeout });
  await until(() => node.relay.leading, 'the relay to lead');
  const began = performance.now();
  // Every commit wakes the relay, so its timer never ends.
  while (performance.now() - began < 2 * idleTimeout) {
    await append(node, 1);
    await sleep(20);
  }
  expect([node.relay.leading, node.connections]).toEqual([true, 1]);
});

it('takes over from a leader that hangs within six seconds', async () => {
  const node = await nodes.start();
  await until(() => node.relay.leading, 'the relay to lead');
  await node.close();
  const url = { connectionString: nodes.database.url };
  // `hanging` holds the lock and sends nothing, like a stopped process. `patient` is idle too, but for at most six
  // seconds: it must still be open when the lock has moved.
  await using patient = await openDedicatedConnection(url, 'patient', { idleTimeout: 6_000 });
  await using hanging = await openDedicatedConnection(url, 'hanging relay');
  expect(await hanging.tryLock('relay')).toBe(true);
  const next = await nodes.start();
  await until(() => next.relay.leading, 'the relay to lead');
  expect(patient.lost.aborted).toBe(false);
});

it('backfills a deleted JetStream stream from the log', async () => {
  const node = await nodes.start();
  const events = await append(node, 40);
  await nodes.untilStored(40);
  await nodes.manager.streams.delete(STREAM);
  await nodes.untilStored(40);
  expect(await nodes.stored()).toEqual(events);
  await nodes.manager.streams.delete(STREAM);
  await append(node, 10);
  await nodes.untilStored(50);
});

it('continues after nats-server was killed and started again', async () => {
  const node = await nodes.start();
  await append(node, 10);
  await nodes.untilStored(10);
  await nodes.nats.kill();
  await append(node, 10);
  await until(() => !node.broker.connected, 'the connection to be known as lost');
  await nodes.nats.start();
  await nodes.untilStored(20);
  expect((await nodes.stored()).map((event) => event.position)).toEqual(Array.from({ length: 20 }, (_, i) => i + 1));
});
