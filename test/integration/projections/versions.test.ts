/** Tests two versions of a projection that run at once, as during a rolling deployment. */
import { describe, expect, it } from 'vitest';
import type { InboxSignal } from '../../../src/domain/notification/inbox.ts';
import { createEventReader } from '../../../src/eventlog/reader.ts';
import { dropOld, InUseError } from '../../../src/projections/admin/cleanup.ts';
import { makeCurrent } from '../../../src/projections/admin/versions.ts';
import { DEFAULT_SCHEMAS, PROJECTIONS } from '../../../src/projections/catalog.ts';
import type { Projection } from '../../../src/projections/engine/projection.ts';
import { type Runner, startRunner } from '../../../src/projections/engine/runner.ts';
import { rebuild } from '../../../src/projections/rebuild/rebuild.ts';
import { until } from '../../support/until.ts';
import { type Cluster, createCluster, type Process, quiet } from './cluster.ts';
import { connectionOf, rebuildOptions, startLoad } from './rebuilding.ts';
import { rowsOf } from './rig.ts';

const older = PROJECTIONS.notifications;
const newer = { ...older, version: older.version + 1 };
const schema = 'notifications_newer';

/** Starts the runner of one version. `notified` collects the seqs that it publishes to the admin. */
function run(cluster: Cluster, process: Process, projection: Projection, notified: number[]): Runner {
  return startRunner({
    projection,
    database: { connectionString: cluster.url },
    feed: process.feed,
    readStream: createEventReader(cluster.pool).readStream,
    log: quiet,
    onMoved: () => {},
    publishInbox: (userId, signal: InboxSignal) => {
      if (userId === 'admin') notified.push(...signal.notifications.map(({ seq }) => seq));
    },
  });
}

describe('a projection whose version was raised', () => {
  it('gets tables of its own while the older ones serve, and both follow the log as long as both run', async () => {
    await using cluster = await createCluster();
    const process = cluster.startProcess();
    await process.projections.close();
    const notified: number[] = [];
    const before = run(cluster, process, older, notified);
    await using load = startLoad(process);
    await until(() => load.tickets > 50, 'some history');

    await rebuild(newer, schema, rebuildOptions(cluster));
    const after = run(cluster, process, newer, notified);
    const tickets = load.tickets;
    await until(() => load.tickets > tickets + 50, 'the load to go on');
    await load[Symbol.asyncDispose]();
    await until(() => [before, after].every((runner) => runner.position === load.position), 'both to be current');

    const inOlder = await rowsOf(cluster.pool, { it: DEFAULT_SCHEMAS.notifications });
    const inNewer = await rowsOf(cluster.pool, { it: schema });
    expect(Object.values(inNewer)).toEqual(Object.values(inOlder));
    const { seq } = await cluster.queries.inbox({ id: 'admin', name: 'Admin', role: 'admin', active: true });
    // The older version published first, then the newer one: each notification once.
    expect(notified).toEqual(Array.from({ length: seq }, (_, index) => index + 1));

    await using connection = await connectionOf(cluster);
    await expect(dropOld(connection, newer)).rejects.toThrow(InUseError);
    await before.close();
    await until(async () => (await dropOld(connection, newer).catch(() => [])).length > 0, 'the lock to be free');
    const { rows } = await cluster.pool.query(
      "select version, current from deskwire.projections where name = 'notifications'",
    );
    expect(rows).toEqual([{ version: newer.version, current: true }]);
    await after.close();
  });

  it('can be rolled back: the older version is current again and notifies', async () => {
    await using cluster = await createCluster();
    const process = cluster.startProcess();
    await process.projections.close();
    await process.append('user.admin', { type: 'UserRegistered', data: { name: 'Admin', role: 'admin' } });
    await rebuild(newer, schema, rebuildOptions(cluster));
    const notified: number[] = [];
    const before = run(cluster, process, older, notified);
    const sendAndWait = async () => {
      const position = await process.append('user.admin', {
        type: 'NotificationSent',
        data: { type: 'news', title: 'News', message: 'Read this', data: {}, priority: 'low' },
      });
      await until(() => before.position === position, 'the older to be current');
    };
    await sendAndWait();
    expect(notified).toEqual([]);
    expect(await makeCurrent(cluster.pool, older)).toBe(true);
    expect(await makeCurrent(cluster.pool, older)).toBe(false);
    await sendAndWait();
    await until(() => notified.length > 0, 'the older version to notify');
    expect(notified).toEqual([2]);
    await before.close();
  });
});
