/** Reads that wait for a position are bounded for each user and in all, and hold up nobody else. */
import { afterEach, expect, it } from 'vitest';
import type { ApiConfig } from '../../../src/api/api.ts';
import { until } from '../../support/until.ts';
import { type Answer, type ApiRig, type Client, noQueries, startApi } from './rig.ts';

let api: ApiRig;
let driver: Client;
let agent: Client;
let waits: { position: number; end(reached: boolean): void }[];

/** The read models reach no position, until a test says so. */
async function start(config: Partial<ApiConfig> = {}): Promise<void> {
  waits = [];
  const waiter = {
    // What the process itself has acknowledged is there.
    waitFor: (position: number, timeoutMs: number) =>
      timeoutMs <= 1_000
        ? Promise.resolve(timeoutMs === 1_000)
        : new Promise<boolean>((end) => waits.push({ position, end })),
  };
  const queries = noQueries({ tickets: () => Promise.resolve({ items: [], nextCursor: null }) });
  api = await startApi({ config, waiter, queries });
  driver = await api.as('driver@example.com');
  agent = await api.as('agent@example.com');
}
afterEach(() => api[Symbol.asyncDispose]());

const read = (client: Client, position?: number): Promise<Answer> =>
  client.send(
    'GET',
    '/api/v1/tickets',
    undefined,
    position === undefined ? {} : { 'deskwire-min-position': `${position}` },
  );

it('does not wait for a position that the log has not reached', async () => {
  await start();
  const { position } = await api.node.reader.head();
  const answers = await Promise.all([read(driver, position + 1), read(agent, 999_999_999_999_999)]);
  for (const answer of answers) {
    expect(answer).toMatchObject({ status: 503, body: { code: 'unavailable', retryAfter: 1 } });
    expect(answer.headers.get('retry-after')).toBe('1');
  }
  expect(waits).toEqual([]);
});

it('refuses a user whose reads wait in number, and serves all other reads', async () => {
  await start({ waits: { perUser: 2 } });
  const waiting = [read(driver, 1), read(driver, 1)];
  await until(() => waits.length === 2, 'two reads to wait');
  const refused = await read(driver, 1);
  expect(refused).toMatchObject({ status: 429, body: { code: 'rate_limited', retryAfter: 1 } });
  expect(refused.headers.get('retry-after')).toBe('1');
  expect((await read(driver)).status).toBe(200);
  const other = read(agent, 1);
  await until(() => waits.length === 3, 'the other user to wait');
  for (const { end } of waits) end(true);
  for (const answer of await Promise.all([...waiting, other])) expect(answer.status).toBe(200);
  const again = read(driver, 1);
  await until(() => waits.length === 4, 'the user to wait again');
  waits[3]?.end(false);
  expect((await again).status).toBe(503);
});

it('refuses further waits when those of all users are too many, and serves reads that do not wait', async () => {
  await start({ waits: { total: 1 } });
  const waiting = read(driver, 1);
  await until(() => waits.length === 1, 'one read to wait');
  expect(await read(agent, 1)).toMatchObject({ status: 503, body: { code: 'unavailable', retryAfter: 1 } });
  expect((await read(agent)).status).toBe(200);
  waits[0]?.end(true);
  expect((await waiting).status).toBe(200);
});

it('holds no database connection while it waits', async () => {
  await start();
  const waiting = Array.from({ length: 40 }, () => read(driver, 1));
  await until(() => waits.length === 40, 'all to wait');
  const { idleCount, totalCount } = api.node.pool;
  expect(idleCount).toBe(totalCount);
  for (const { end } of waits) end(true);
  for (const { status } of await Promise.all(waiting)) expect(status).toBe(200);
});
