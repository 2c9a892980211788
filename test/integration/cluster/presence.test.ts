/** Processes with sockets that hang or are killed: their users leave once, for every client. */
import { expect, it } from 'vitest';
import { launchServer } from '../../support/server-process.ts';
import { createDatabase, startNats } from '../../support/services.ts';
import { until } from '../../support/until.ts';
import { openTicket, signIn, startNode } from '../gateway/rig.ts';

it('users of a killed process leave and stop typing, but stay if they are at another process too', async () => {
  await using database = await createDatabase();
  await using nats = await startNats();
  const services = { databaseUrl: database.url, natsUrl: nats.url };
  await using node = await startNode(services, { gateway: { typingExpires: 3_000 } });
  const env = { DATABASE_URL: database.url, NATS_URL: nats.url, RATE_LIMIT: 'off', DEMO_DATA: 'off' };
  await using other = launchServer(env);
  const [here, there] = [node.url, await other.ready];
  const [agent, driver, admin] = await Promise.all([
    signIn(here, 'agent'),
    signIn(there, 'driver'),
    signIn(there, 'admin'),
  ]);
  const { id: ticketId } = await openTicket(driver);
  const service = await signIn(here, 'service');
  const status = async () => (await service.send('GET', '/websocket/status')).body;
  await until(async () => (await status()).nodes === 2, 'the processes to have each other in their views');
  using watcher = agent.connect();
  await watcher.ask('join_ticket', { ticketId });
  using typist = driver.connect();
  await typist.ask('join_ticket', { ticketId });
  using twice = admin.connect();
  await twice.ask('join_ticket', { ticketId });
  using again = (await signIn(here, 'admin')).connect();
  await again.ask('join_ticket', { ticketId });
  const seen = () =>
    watcher.heard.flatMap(({ name, payload }) =>
      /^user_(joined|left)$/.test(name) ? [`${payload.userId} ${name}`] : [],
    );
  await until(() => seen().length === 2, 'the joins to arrive');

  // The answer lacks the part of a process that hangs.
  other.signal('SIGSTOP');
  expect(await status()).toMatchObject({ connections: 2, users: 3, nodes: 1 });
  other.signal('SIGCONT');
  await until(async () => (await status()).connections === 4, 'the process to answer again');
  await typist.ask('typing_start', { ticketId });
  await watcher.first('user_typing');

  other.signal('SIGKILL');
  await until(() => watcher.all('user_stopped_typing').length === 1, 'the typing to stop');
  await until(() => seen().length === 3, 'the leave to arrive');
  expect(seen()).toEqual(['1 user_joined', '2 user_joined', '1 user_left']);
  expect(await status()).toMatchObject({ connections: 2, users: 2, nodes: 1 });
  const { body } = await agent.send('GET', `/api/tickets/${ticketId}/chat/participants`);
  expect(
    body.participants.map(({ userId, online }: { userId: string; online: boolean }) => [userId, online]),
  ).toContainEqual(['1', false]);
});
