/** Requests above the bound are refused with Retry-After, and a retry is carried out once. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { until } from '../../support/until.ts';
import { type ApiRig, type Client, startApi } from './rig.ts';

let api: ApiRig;
let driver: Client;

beforeAll(async () => {
  api = await startApi({ config: { requestsInFlight: 2 } });
  driver = await api.as('driver@example.com');
});
afterAll(async () => {
  await api[Symbol.asyncDispose]();
});

it('refuses requests above the bound with Retry-After, stays ready, and accepts the retry', async () => {
  const leaving = new AbortController();
  // These requests wait for a position that is never written.
  const waiting = [1, 2].map(() =>
    driver.fetch('/api/v1/support', { headers: { 'deskwire-min-position': '999999' }, signal: leaving.signal }),
  );
  const gone = Promise.allSettled(waiting);
  const key = { 'idempotency-key': 'once-only' };
  const open = () => driver.send('POST', '/api/v1/support', { description: 'Stuck' }, key);
  const refused = await until(async () => {
    const answer = await open();
    return answer.status === 503 ? answer : undefined;
  }, 'both to be under way');
  expect(refused?.headers.get('retry-after')).toBe('1');
  expect(refused?.headers.get('content-type')).toContain('application/problem+json');
  expect(refused?.body).toMatchObject({ code: 'unavailable', retryAfter: 1 });
  expect((await api.anonymous.send('GET', '/livez')).status).toBe(200);
  leaving.abort();
  await gone;
  const first = await until(async () => {
    const answer = await open();
    return answer.status === 201 ? answer : undefined;
  }, 'the retry to be taken');
  expect((await open()).body.id).toBe(first?.body.id);
});
