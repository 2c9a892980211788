/** A server shuts down with requests under way, and with clients that ignore its announcement. */
import pg from 'pg';
import { io } from 'socket.io-client';
import { expect, it } from 'vitest';
import { startPoller } from '../../support/poller.ts';
import { launchServer } from '../../support/server-process.ts';
import { createDatabase, startNats } from '../../support/services.ts';
import { until } from '../../support/until.ts';
import { insist, listen, logIn } from './people.ts';

/** So many that they are released in more than one batch. */
const SOCKETS = 60;
/** Seconds that the shutdown may take, on a machine that is not busy otherwise. */
const LIMIT = 20;

it('ends well within its limit, also with clients that do not react, and finishes all requests', {
  timeout: 120_000,
}, async () => {
  await using database = await createDatabase();
  await using nats = await startNats();
  const env = { DATABASE_URL: database.url, NATS_URL: nats.url, DEMO_DATA: 'on', RATE_LIMIT: 'off' };
  await using server = launchServer(env);
  const url = await server.ready;
  const token = await logIn(url);
  const { id } = await insist(url, token, '/api/v1/support', { description: 'Drained' });
  const ticketId = String(id);
  const path = `/api/tickets/${ticketId}/chat`;
  for (let at = 0; at < 60; at += 1) await insist(url, token, path, { message: `before ${at}` });

  // All but one have one connection each; a user may have 50.
  const admin = await logIn(url, 'admin@example.com');
  const crowd = await Promise.all(
    Array.from({ length: SOCKETS }, (_, at) => listen(url, at % 2 === 0 ? token : admin, ticketId)),
  );
  await using stack = new AsyncDisposableStack();
  for (const one of crowd) stack.defer(() => one[Symbol.dispose]());
  const deaf = io(url, { auth: { token }, transports: ['websocket'], reconnection: false });
  stack.defer(() => void deaf.close());
  await until(() => deaf.connected, 'it to be connected');
  (deaf.io.engine.transport as unknown as { ws: { pause(): void } }).ws.pause();
  await startPoller(url, token);

  const posting = Array.from({ length: 50 }, (_, at) => once(url + path, token, { message: `under way ${at}` }));
  await Promise.any(posting);
  const began = performance.now();
  server.signal('SIGTERM');
  const statuses = new Set<number>();
  const watching = (async () => {
    for (;;) statuses.add((await fetch(`${url}/readyz`)).status);
  })().catch(() => undefined);
  expect([await server.exited, server.errors()]).toEqual([0, '']);
  const seconds = (performance.now() - began) / 1_000;
  await watching;
  expect(seconds).toBeLessThan(LIMIT);
  expect(server.output()).not.toContain('closing took too long');
  expect(statuses).toContain(503);
  expect(crowd.every(({ drained }) => drained === 1)).toBe(true);

  const answered = (await Promise.all(posting)).filter((status) => status === 201).length;
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  const posted = `select count(*)::int as count from deskwire.events where data->>'message' like 'under way%'`;
  const { rows } = await client.query(posted);
  const snapshot = `select version from deskwire.snapshots where stream = $1`;
  const { rows: snapshots } = await client.query(snapshot, [`ticket.${ticketId}`]);
  const last = `select max(version)::int as version from deskwire.events where stream = $1`;
  const { rows: newest } = await client.query(last, [`ticket.${ticketId}`]);
  await client.end();
  expect(answered).toBeGreaterThan(0);
  expect(rows[0].count).toBe(answered);
  expect(Number(snapshots[0].version)).toBe(newest[0].version);
});

/** The status; 0 if there was no answer. */
async function once(url: string, token: string, body: object): Promise<number> {
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${token}` };
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) }).catch(() => undefined);
  await response?.arrayBuffer();
  return response?.status ?? 0;
}
