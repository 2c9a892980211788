/** Three servers behind a load balancer are replaced one after the other, under load. */
import pg from 'pg';
import { expect, it } from 'vitest';
import { startBalancer } from '../../support/balancer.ts';
import { launchServer, type ServerProcess } from '../../support/server-process.ts';
import { createDatabase, startNats } from '../../support/services.ts';
import { until } from '../../support/until.ts';
import { insist, listen, logIn } from './people.ts';

const POSTERS = 8;

it('a rolling restart fails no command, and loses or repeats no event', { timeout: 120_000 }, async () => {
  await using database = await createDatabase();
  await using nats = await startNats();
  await using balancer = await startBalancer();
  await using stack = new AsyncDisposableStack();

  const env = { DATABASE_URL: database.url, NATS_URL: nats.url, DEMO_DATA: 'on', RATE_LIMIT: 'off' };
  const launch = async () => {
    const server = stack.use(launchServer(env));
    const url = await server.ready;
    balancer.servers.add(url);
    return { server, url };
  };
  const servers = [await launch(), ...(await Promise.all([launch(), launch()]))];

  const token = await logIn(balancer.url);
  const tickets = await Promise.all(
    ['one', 'two'].map(async (description) => {
      const opened = await insist(balancer.url, token, '/api/v1/support', { description });
      return String(opened.id);
    }),
  );
  const listeners = await Promise.all(
    tickets.flatMap((id) => [
      listen(balancer.url, token, id),
      // A polling client uses several connections, so it cannot be balanced by connection. It stays with one server.
      listen(balancer.url, token, id, ['websocket', 'polling']),
    ]),
  );
  stack.defer(() => {
    for (const listener of listeners) listener[Symbol.dispose]();
  });

  const acknowledged = new Map(tickets.map((id) => [id, [] as string[]]));
  let posting = true;
  const posters = Array.from({ length: POSTERS }, async (_, poster) => {
    const ticket = tickets[poster % tickets.length] ?? '';
    for (let number = 1; posting; number++) {
      const message = `${poster}: ${number}`;
      await insist(balancer.url, token, `/api/tickets/${ticket}/chat`, { message });
      acknowledged.get(ticket)?.push(message);
    }
  });

  try {
    for (const { server, url } of servers) {
      await restart(server, url);
      await launch();
    }
  } finally {
    posting = false;
    await Promise.all(posters);
  }

  async function restart(server: ServerProcess, url: string): Promise<void> {
    server.signal('SIGTERM');
    const ending = await server.exited;
    balancer.servers.delete(url);
    expect([ending, server.errors()]).toEqual([0, '']);
    expect(server.output()).not.toContain('closing took too long');
  }

  for (const [index, listener] of listeners.entries()) {
    const ticket = tickets[index >> 1] ?? '';
    const said = acknowledged.get(ticket) ?? [];
    await until(() => listener.received.length >= said.length, `listener ${index} to receive all messages`);
    const texts = listener.received.map(({ text }) => text);
    expect(texts.toSorted()).toEqual(said.toSorted());
    const versions = listener.received.map(({ version }) => version);
    expect(versions).toEqual(versions.toSorted((a, b) => a - b));
  }
  expect(Math.max(...listeners.map(({ connections }) => connections))).toBeGreaterThan(1);
  expect(listeners.reduce((sum, { drained }) => sum + drained, 0)).toBeGreaterThan(0);

  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  const { rows } = await client.query(
    `select count(*)::int as events, max(position)::int as last,
       (count(*) filter (where type = 'MessagePosted'))::int as messages from deskwire.events`,
  );
  await client.end();
  const total = [...acknowledged.values()].reduce((sum, said) => sum + said.length, 0);
  expect(rows[0].last).toBe(rows[0].events);
  expect(rows[0].messages).toBe(total);
  expect(total).toBeGreaterThan(100);
});
