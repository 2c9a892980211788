/** A start waits for services that are away, and says so; a signal ends the wait. */
import { expect, it } from 'vitest';
import { launchServer } from '../../support/server-process.ts';
import { createDatabase, startControlledPostgres, startNats } from '../../support/services.ts';
import { until } from '../../support/until.ts';

it('waits for a nats-server and a PostgreSQL that start later', async () => {
  await using postgres = await startControlledPostgres();
  await using nats = await startNats({ controlled: true });
  await Promise.all([postgres.stop(), nats.stop()]);
  await using server = launchServer({ DATABASE_URL: postgres.url, NATS_URL: nats.url });
  await until(() => server.output().includes('waiting for a nats-server'), 'the wait for NATS');
  await nats.start();
  await until(() => server.output().includes('waiting for the database'), 'the wait for PostgreSQL');
  await postgres.start();
  expect(await server.ready).toContain('http://');
});

it('ends the wait at a signal, with what it waited for', async () => {
  await using database = await createDatabase();
  await using nats = await startNats({ controlled: true });
  await nats.stop();
  await using server = launchServer({ DATABASE_URL: database.url, NATS_URL: nats.url });
  await until(() => server.output().includes('waiting for a nats-server'), 'the wait');
  server.signal('SIGTERM');
  expect(await server.exited).toBe(1);
  expect(server.errors()).toContain('check NATS_URL');
});

it('does not wait when PostgreSQL refuses the password', async () => {
  await using database = await createDatabase();
  await using nats = await startNats();
  const wrong = Object.assign(new URL(database.url), { password: 'wrong' });
  await using server = launchServer({ DATABASE_URL: wrong.href, NATS_URL: nats.url });
  expect(await server.exited).toBe(1);
  expect(server.errors()).toContain('check DATABASE_URL');
  expect(server.output()).not.toContain('waiting');
});
