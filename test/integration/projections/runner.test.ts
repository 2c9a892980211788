import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { DomainEvent } from '../../../src/domain/event.ts';
import type { TicketEvent } from '../../../src/domain/ticket/events.ts';
import { openDedicatedConnection } from '../../../src/eventlog/dedicated-connection.ts';
import { renewEpoch } from '../../../src/eventlog/epoch.ts';
import { createEventReader } from '../../../src/eventlog/reader.ts';
import { DEFAULT_SCHEMAS } from '../../../src/projections/catalog.ts';
import { commitBatch, DeposedError, readCheckpoint } from '../../../src/projections/engine/checkpoints.ts';
import { createRemoteWaiter } from '../../../src/projections/projections.ts';
import { createEmptyReadModel } from '../../../src/projections/rebuild/provide.ts';
import { until } from '../../support/until.ts';
import { type Cluster, createCluster, endConnections, type Process, waitsForLock } from './cluster.ts';
import { countedIn, countingProjection } from './counting.ts';

const agent = { id: '9', name: 'Nine', role: 'agent', active: true } as const;

const opened = (number: number): TicketEvent => ({
  type: 'TicketOpened',
  data: {
    number,
    requesterId: '1',
    requesterName: 'One',
    description: 'It does not work',
    category: 'general',
    priority: 'low',
    tags: [],
  },
});

const posted = (message: string): TicketEvent => ({
  type: 'MessagePosted',
  data: { messageId: `m-${message}`, message, messageType: 'TEXT', attachments: [], internal: false },
});

const sent: DomainEvent = {
  type: 'NotificationSent',
  data: { type: 'news', title: 'News', message: 'Read this', data: {}, priority: 'low' },
};

const stateOf = (process: Process, name: string) =>
  process.projections.status().find((status) => status.name === name)?.state;

const allActive = (process: Process) => process.projections.status().every((status) => status.state === 'active');

const texts = async (cluster: Cluster) => {
  const { messages } = await cluster.queries.messages('t-1', { view: 'staff', limit: 10_000 });
  return messages.map((message) => message.message);
};

const numbers = (count: number) => Array.from({ length: count }, (_, index) => String(index));

describe('running projections', () => {
  it('shows appended events to a caller that waits for them', async () => {
    await using cluster = await createCluster();
    const process = cluster.startProcess();
    await process.append('ticket.t-1', opened(1));
    const position = await process.append('ticket.t-1', posted('hello'));
    expect(await process.projections.waitFor(position, 10_000)).toBe(true);
    expect(await texts(cluster)).toEqual(['hello']);
    expect(await cluster.queries.ticket('1', agent)).toMatchObject({ id: 't-1', version: 2 });
    expect(new Set(process.projections.status().map((status) => status.lag))).toEqual(new Set([0]));
  });

  it('reports a wait that times out', async () => {
    await using cluster = await createCluster();
    const process = cluster.startProcess();
    await until(() => allActive(process), 'the projections to be active');
    expect(await process.projections.waitFor(1, 1)).toBe(false);
  });

  it('lets a process that runs no projections wait as well', async () => {
    await using cluster = await createCluster();
    const process = cluster.startProcess();
    const position = await process.append('ticket.t-1', opened(1), posted('hello'));
    expect(await createRemoteWaiter(cluster.pool).waitFor(position, 10_000)).toBe(true);
    expect(await texts(cluster)).toEqual(['hello']);
  });

  it('catches up with events that were appended while no process ran', async () => {
    await using cluster = await createCluster();
    const first = cluster.startProcess();
    await first.projections.close();
    const history = numbers(2_500);
    const position = await first.append('ticket.t-1', opened(1), ...history.map(posted));
    const second = cluster.startProcess();
    expect(await second.projections.waitFor(position, 20_000)).toBe(true);
    expect(await texts(cluster)).toEqual(history);
  });

  it('handles the events of other processes in order with its own', async () => {
    await using cluster = await createCluster();
    const here = cluster.startProcess();
    const there = cluster.startProcess();
    await here.append('ticket.t-1', opened(1));
    let position = 0;
    for (const n of numbers(20)) position = await (Number(n) % 3 === 0 ? there : here).append('ticket.t-1', posted(n));
    expect(await here.projections.waitFor(position, 10_000)).toBe(true);
    expect(await texts(cluster)).toEqual(numbers(20));
  });

  it('has one active runner per projection, and another takes over when it closes', async () => {
    await using cluster = await createCluster();
    const first = cluster.startProcess();
    await until(() => allActive(first), 'the first to be active');
    const second = cluster.startProcess();
    await first.append('ticket.t-1', opened(1), posted('one'));
    expect(second.projections.status().every((status) => status.state === 'standby')).toBe(true);
    await first.projections.close();
    const position = await second.append('ticket.t-1', posted('two'));
    expect(await second.projections.waitFor(position, 10_000)).toBe(true);
    expect(await texts(cluster)).toEqual(['one', 'two']);
  });

  it('neither loses nor repeats an event when the connection is cut in the middle of a batch', async () => {
    await using cluster = await createCluster();
    const process = cluster.startProcess();
    await process.projections.waitFor(await process.append('ticket.t-1', opened(1)), 10_000);
    const blocker = await cluster.pool.connect();
    await blocker.query(`begin; lock table ${DEFAULT_SCHEMAS.messages}.readers in exclusive mode`);
    const position = await process.append('ticket.t-1', posted('once'));
    await waitsForLock(cluster.pool, 'deskwire messages');
    await endConnections(cluster.pool, 'deskwire messages');
    await blocker.query('rollback');
    blocker.release();
    expect(await process.projections.waitFor(position, 10_000)).toBe(true);
    expect(await texts(cluster)).toEqual(['once']);
    expect(await cluster.queries.unread('t-1', agent)).toBe(1);
  });

  it('starts again from the checkpoint when another runner moved it', async () => {
    await using cluster = await createCluster();
    const process = cluster.startProcess();
    await process.projections.waitFor(await process.append('ticket.t-1', opened(1), posted('one')), 10_000);
    await cluster.pool.query("update deskwire.projections set position = 3 where name = 'messages'");
    await process.append('ticket.t-1', posted('handled by the other'));
    const position = await process.append('ticket.t-1', posted('two'));
    expect(await process.projections.waitFor(position, 10_000)).toBe(true);
    expect(await texts(cluster)).toEqual(['one', 'two']);
  });

  it('lets one of two runners write a batch, never both', async () => {
    await using cluster = await createCluster();
    const projection = countingProjection();
    const connections = await Promise.all(
      [1, 2].map(() => openDedicatedConnection({ connectionString: cluster.url }, 'test')),
    );
    const [first] = connections;
    if (first) await createEmptyReadModel(first, projection, 'counting');
    const outcomes = await Promise.allSettled(
      connections.map(async ({ query }) => {
        const { generation } = await readCheckpoint(query, projection);
        const target = { projection, schema: 'counting', generation, serving: true };
        return commitBatch(
          query,
          target,
          { from: 0, to: 5 },
          { payload: [[1, 2, 3, 4, 5].map((position) => ({ position }))] },
        );
      }),
    );
    const refused = outcomes.filter((outcome) => outcome.status === 'rejected');
    expect(refused.map((outcome) => outcome.reason)).toEqual([expect.any(DeposedError)]);
    expect(await countedIn(cluster.pool)).toEqual([1, 2, 3, 4, 5]);
    await Promise.all(connections.map((connection) => connection[Symbol.asyncDispose]()));
  });

  it('writes no event of a history that an older backup has replaced', async () => {
    await using cluster = await createCluster();
    const process = cluster.startProcess();
    const kept = await process.append('ticket.t-1', opened(1), posted('kept'));
    await process.projections.waitFor(kept, 10_000);
    // The runner is behind when the backup is restored, and memory still has the lost events.
    await cluster.pool.query('alter table deskwire.projections rename to hidden');
    const lost = await process.append('ticket.t-1', posted('lost'));
    await until(() => stateOf(process, 'messages') === 'failing', 'the failure');
    await cluster.pool.query('delete from deskwire.events where position > $1', [kept]);
    await cluster.pool.query('alter table deskwire.hidden rename to projections');
    expect(await process.projections.waitFor(lost, 2_000)).toBe(false);
    // Then the relay notices the restore.
    const { epoch } = await createEventReader(cluster.pool).head();
    await renewEpoch(cluster.pool, epoch);
    expect(await process.append('ticket.t-1', posted('new'))).toBe(lost);
    await until(async () => (await texts(cluster)).length === 2, 'the new history to be there');
    expect(await texts(cluster)).toEqual(['kept', 'new']);
  });

  it('writes no batch with an event that the log does not have', async () => {
    await using cluster = await createCluster();
    const process = cluster.startProcess();
    const to = await process.append('ticket.t-1', opened(1), posted('one'), posted('two'));
    const ids = (await createEventReader(cluster.pool).readLog(0, to)).map(({ id }) => id);
    const projection = countingProjection();
    await using connection = await openDedicatedConnection({ connectionString: cluster.url }, 'test');
    await createEmptyReadModel(connection, projection, 'counting');
    const { generation } = await readCheckpoint(connection.query, projection);
    const target = { projection, schema: 'counting', generation, serving: true };
    const payload = [ids.map((_, index) => ({ position: index + 1 }))];
    // The first event is of a history that is gone, the last one is not.
    const mixed = { from: 0, to, ids: [randomUUID(), ...ids.slice(1)] };
    await expect(commitBatch(connection.query, target, mixed, { payload })).rejects.toThrow(DeposedError);
    await commitBatch(connection.query, target, { from: 0, to, ids }, { payload });
    expect(await countedIn(cluster.pool)).toHaveLength(to);
  });

  it('recovers after the database refused it for a while', async () => {
    await using cluster = await createCluster();
    const process = cluster.startProcess();
    await until(() => allActive(process), 'the projections to be active');
    await cluster.pool.query('alter table deskwire.projections rename to hidden');
    const position = await process.append('user.1', sent);
    await until(() => stateOf(process, 'notifications') === 'failing', 'the failure');
    await cluster.pool.query('alter table deskwire.hidden rename to projections');
    expect(await process.projections.waitFor(position, 10_000)).toBe(true);
    expect(await cluster.queries.inbox({ ...agent, id: '1' })).toEqual({ seq: 1, unread: 1, unseen: 1, removed: 0 });
  });

  it('publishes each notification once, with its seq, after it can be read', async () => {
    await using cluster = await createCluster();
    const process = cluster.startProcess();
    for (let n = 0; n < 5; n += 1) {
      const position = await process.append('user.1', sent);
      await process.projections.waitFor(position, 10_000);
      if (n === 2) await endConnections(cluster.pool, 'deskwire notifications');
    }
    const seqs = process.signals.flatMap(({ signal }) => signal.notifications.map((notification) => notification.seq));
    expect(seqs).toEqual([1, 2, 3, 4, 5]);
    expect(process.signals.at(-1)).toMatchObject({ userId: '1', signal: { head: { seq: 5, unread: 5 } } });
  });
});
