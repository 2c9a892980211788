/** The roles of deploy/database-roles.sql: each can do its work, and no more. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { expect, inject, it } from 'vitest';
import { migrate } from '../../../src/eventlog/migrate.ts';
import { paths } from '../../../src/support/paths.ts';
import { launchServer } from '../../support/server-process.ts';
import { startNats } from '../../support/services.ts';
import { startOwnPostgres } from '../../support/sources.ts';
import { until } from '../../support/until.ts';

it('migrates as the owner and serves as the node, neither of which is a superuser', async () => {
  await using server = await startOwnPostgres(inject('services').source, 'durable');
  await using nats = await startNats();
  await using stack = new AsyncDisposableStack();
  const connect = async (connectionString: string) => {
    const client = stack.adopt(new pg.Client({ connectionString }), (open) => open.end());
    await client.connect();
    return client;
  };
  const admin = await connect(server.url);
  await admin.query(await readFile(join(paths.migrations, '../deploy/database-roles.sql'), 'utf8'));
  await admin.query("alter role deskwire_owner password 'owner'; alter role deskwire_node password 'node'");
  const urlOf = (user: string, password: string) =>
    Object.assign(new URL(server.url), { username: user, password }).href;
  await migrate(urlOf('deskwire_owner', 'owner'));
  await using node = launchServer({ DATABASE_URL: urlOf('deskwire_node', 'node'), NATS_URL: nats.url });
  const url = await node.ready;
  await until(async () => (await fetch(`${url}/readyz`)).ok, 'the node to be ready');

  const client = await connect(urlOf('deskwire_node', 'node'));
  for (const forbidden of [
    'alter table deskwire.events disable trigger all',
    'drop table deskwire.events',
    'create table deskwire.mine ()',
    'create role mine',
    "copy deskwire.events to program 'true'",
    "select pg_read_file('postgresql.conf')",
  ]) {
    await expect(client.query(forbidden)).rejects.toMatchObject({ code: '42501' });
  }
});
