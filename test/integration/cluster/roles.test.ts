/** The process roles of one deployment, each in its own process. */
import { expect, it } from 'vitest';
import { launchServer } from '../../support/server-process.ts';
import { createDatabase, startNats } from '../../support/services.ts';
import { until } from '../../support/until.ts';
import { insist, listen, logIn } from './people.ts';

it('processes with one role each do together the work of a process with all roles, and no other work', async () => {
  await using database = await createDatabase();
  await using nats = await startNats();
  const launch = (ROLES: string, DEMO_DATA = 'off') =>
    launchServer({ DATABASE_URL: database.url, NATS_URL: nats.url, RATE_LIMIT: 'off', ROLES, DEMO_DATA });
  await using api = launch('api', 'on');
  const apiUrl = await api.ready;
  await using gateway = launch('gateway');
  await using projector = launch('projector');
  await using relay = launch('relay');
  const [gatewayUrl, ...others] = await Promise.all([gateway.ready, projector.ready, relay.ready]);

  const token = await logIn(apiUrl);
  const ticket = String((await insist(apiUrl, token, '/api/v1/support', { description: 'Split' })).id);
  using listener = await listen(gatewayUrl, token, ticket);
  for (const message of ['one', 'two']) await insist(apiUrl, token, `/api/tickets/${ticket}/chat`, { message });
  await until(() => listener.received.length === 2, 'the messages to arrive');
  const headers = { authorization: `Bearer ${token}` };
  const online = async () => {
    const answer = await fetch(`${apiUrl}/api/tickets/${ticket}/chat/participants`, { headers });
    const { participants } = (await answer.json()) as { participants: { userId: string; online: boolean }[] };
    return participants.filter((one) => one.online).map(({ userId }) => userId);
  };
  await until(async () => (await online()).includes('1'), 'the driver to be online');
  const service = { authorization: `Bearer ${await logIn(apiUrl, 'service@example.com')}` };
  const status = await fetch(`${apiUrl}/websocket/status`, { headers: service });
  expect(await status.json()).toMatchObject({ connections: 1, users: 1, nodes: 1 });
  const sent = await fetch(`${apiUrl}/websocket/chat/client/user:1`, {
    ...{ method: 'POST', body: '{"text":"hi"}' },
    headers: { ...service, 'content-type': 'application/json' },
  });
  expect(await sent.json()).toEqual({ delivered: 1 });
  const history = await fetch(`${apiUrl}/api/tickets/${ticket}/chat`, { headers });
  expect(((await history.json()) as { messages: object[] }).messages).toHaveLength(2);

  for (const url of [apiUrl, gatewayUrl, ...others]) {
    expect((await fetch(`${url}/livez`)).status).toBe(200);
    await until(async () => (await fetch(`${url}/readyz`)).status === 200, `${url} to be ready`);
  }
  for (const url of [gatewayUrl, ...others]) {
    expect((await fetch(`${url}/api/tickets/${ticket}/chat`, { headers })).status).toBe(404);
  }
  for (const url of [apiUrl, ...others]) {
    expect((await fetch(`${url}/socket.io/?EIO=4&transport=polling`)).status).toBe(404);
  }
});
