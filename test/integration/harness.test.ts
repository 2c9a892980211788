import { connect } from 'nats';
import pg from 'pg';
import { describe, expect, it } from 'vitest';
import { migrate, pendingMigrations } from '../../src/eventlog/migrate.ts';
import { createDatabase, startNats } from '../support/services.ts';
import { until } from '../support/until.ts';

describe('the test harness', () => {
  it('gives each test a migrated database of its own', async () => {
    await using one = await createDatabase();
    await using other = await createDatabase();
    expect(one.url).not.toBe(other.url);
    expect(await pendingMigrations(one.url)).toEqual([]);
    expect(await migrate(one.url)).toEqual([]);
    const client = new pg.Client({ connectionString: one.url });
    await client.connect();
    const { rows } = await client.query("SELECT 1 AS found FROM pg_namespace WHERE nspname = 'deskwire'");
    await client.end();
    expect(rows).toEqual([{ found: 1 }]);
  });

  it('keeps what a controlled nats-server stored when it is killed and started again', async () => {
    await using nats = await startNats({ controlled: true });
    const connection = await connect({ servers: nats.url, maxReconnectAttempts: -1, reconnectTimeWait: 20 });
    const manager = await connection.jetstreamManager({ timeout: 500 });
    await manager.streams.add({ name: 'kept', subjects: ['kept.>'] });
    await connection.jetstream().publish('kept.one');
    await nats.kill();
    await nats.start();
    const info = await until(() => manager.streams.info('kept'), 'the stream to be back');
    expect(info.state.messages).toBe(1);
    await connection.close();
  });
});
