/** From a signal on, a balancer sees red while requests are still served, over connections that end. */
import { Agent, get, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { expect, it } from 'vitest';
import { launchServer } from '../../support/server-process.ts';
import { createDatabase, startNats } from '../../support/services.ts';
import { until } from '../../support/until.ts';

it('turns red, serves with connections that end, and then drains', async () => {
  await using database = await createDatabase();
  await using nats = await startNats();
  await using server = launchServer({ DATABASE_URL: database.url, NATS_URL: nats.url, DRAIN_DELAY: '8' });
  const url = await server.ready;
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const ask = (path: string) =>
    new Promise<IncomingMessage>((resolve, reject) => {
      get(`${url}${path}`, { agent }, resolve).on('error', reject);
    });
  const statusOf = async (path: string) => {
    const answer = await ask(path);
    await text(answer);
    return answer.statusCode;
  };
  await until(async () => (await statusOf('/readyz')) === 200, 'the server to be ready');
  server.signal('SIGTERM');
  await until(async () => (await statusOf('/readyz')) === 503, 'red');
  const answer = await ask('/api/v1/tickets');
  expect(answer.headers).toMatchObject({
    connection: 'close',
    'content-type': expect.stringContaining('problem+json'),
  });
  expect(answer.statusCode).toBe(401);
  expect(await statusOf('/livez')).toBe(200);
  expect(await server.exited).toBe(0);
});
