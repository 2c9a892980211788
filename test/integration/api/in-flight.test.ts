/** Requests above a bound are refused with Retry-After, a retry is carried out once, and others are served. */
import { afterEach, expect, it } from 'vitest';
import type { ApiConfig } from '../../../src/api/api.ts';
import { until } from '../../support/until.ts';
import { type Answer, type ApiRig, type Client, startApi } from './rig.ts';

let api: ApiRig;
let driver: Client;
let agent: Client;

async function start(config: Partial<ApiConfig>): Promise<void> {
  api = await startApi({ config });
  driver = await api.as('driver@example.com');
  agent = await api.as('agent@example.com');
}
afterEach(() => api[Symbol.asyncDispose]());

/** Until it is disposed of, no command can be recorded. */
async function stalledLog(): Promise<AsyncDisposable> {
  const connection = await api.node.pool.connect();
  await connection.query('begin; lock table deskwire.events in access exclusive mode');
  return {
    async [Symbol.asyncDispose]() {
      await connection.query('rollback');
      connection.release();
    },
  };
}

const open = (client: Client, key: string, headers: Record<string, string> = {}): Promise<Answer> =>
  client.send('POST', '/api/v1/support', { description: 'Stuck' }, { 'idempotency-key': key, ...headers });

/** The answer to a command that comes when two of this client's are under way. */
async function refusedAfterTwo(client: Client, headers?: Record<string, string>): Promise<Answer> {
  const answers: Answer[] = [];
  for (const key of ['first', 'second', 'third']) {
    void open(client, key, headers).then((answer) => answers.push(answer));
  }
  const refused = await until(() => answers[0], 'one of three to be refused');
  if (refused === undefined) throw new Error('none was refused');
  return refused;
}

it('refuses requests above the bound on all with 503 and Retry-After, stays alive, and takes the retry once', async () => {
  await start({ requestsInFlight: { total: 2 } });
  {
    await using _stalled = await stalledLog();
    const refused = await refusedAfterTwo(driver);
    expect(refused.status).toBe(503);
    expect(refused.headers.get('retry-after')).toBe('1');
    expect(refused.headers.get('content-type')).toContain('application/problem+json');
    expect(refused.body).toMatchObject({ code: 'unavailable', retryAfter: 1 });
    expect((await api.anonymous.send('GET', '/livez')).status).toBe(200);
  }
  const taken = await until(async () => {
    const answers = [await open(driver, 'third'), await open(driver, 'third')];
    return answers.every(({ status }) => status === 201) ? answers : undefined;
  }, 'the retry to be taken');
  expect(taken?.[0]?.body.id).toBe(taken?.[1]?.body.id);
});

it('refuses the requests of one user above their share with 429, and serves others', async () => {
  await start({ requestsInFlight: { perUser: 2 } });
  await using _stalled = await stalledLog();
  const refused = await refusedAfterTwo(driver);
  expect(refused).toMatchObject({ status: 429, body: { code: 'rate_limited', retryAfter: 1 } });
  expect(refused.headers.get('retry-after')).toBe('1');
  expect((await agent.send('GET', '/api/v1/tickets')).status).toBe(200);
});

it.each([
  ['an IPv4 address', '203.0.113.7', '203.0.113.8'],
  ['a /64 network of IPv6', '2001:db8::1', '2001:db8:0:1::1'],
])('refuses the requests of %s above its share with 429, and serves other networks', async (_what, one, other) => {
  await start({ requestsInFlight: { perNetwork: 2 }, trustProxy: ['loopback'] });
  await using _stalled = await stalledLog();
  const refused = await refusedAfterTwo(driver, { 'x-forwarded-for': one });
  expect(refused).toMatchObject({ status: 429, body: { code: 'rate_limited' } });
  const neighbour = one.replace('db8::1', 'db8::2');
  const read = (address: string) => driver.send('GET', '/api/v1/tickets', undefined, { 'x-forwarded-for': address });
  expect((await read(neighbour)).status).toBe(429);
  expect((await read(other)).status).toBe(200);
});

it('keeps a share for those who have not signed in, which leaves the places of users alone', async () => {
  await start({ requestsInFlight: { anonymous: 2 } });
  const connection = await api.node.pool.connect();
  await connection.query('begin; lock table deskwire.credentials in access exclusive mode');
  const body = { email: 'ops@example.com', password: 'wrong-password' };
  const answers: Answer[] = [];
  for (let count = 0; count < 3; count += 1) {
    void api.anonymous.send('POST', '/api/v1/auth/login', body).then((answer) => answers.push(answer));
  }
  const refused = await until(() => answers[0], 'one sign-in to be refused');
  expect(refused).toMatchObject({ status: 503, body: { code: 'unavailable', retryAfter: 1 } });
  expect((await open(driver, 'meanwhile')).status).toBe(201);
  await connection.query('rollback');
  await until(() => answers.length === 3, 'the others to be answered');
  connection.release();
});
