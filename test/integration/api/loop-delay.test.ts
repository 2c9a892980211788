/** A process with a late event loop refuses requests instead of queueing them, and accepts them again afterwards. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { until } from '../../support/until.ts';
import { type ApiRig, startApi } from './rig.ts';

let api: ApiRig;

beforeAll(async () => {
  api = await startApi({ config: { loopDelay: 100 } });
});
afterAll(async () => {
  await api[Symbol.asyncDispose]();
});

it('refuses requests while its event loop is late, with Retry-After', async () => {
  const busy = setInterval(() => {
    const end = performance.now() + 250;
    while (performance.now() < end);
  }, 1);
  const ask = () => api.anonymous.send('GET', '/.well-known/jwks.json');
  try {
    const refused = await until(async () => {
      const answer = await ask();
      return answer.status === 503 ? answer : undefined;
    }, 'a request to be refused');
    expect(refused?.body.code).toBe('unavailable');
    expect(Number(refused?.headers.get('retry-after'))).toBeGreaterThan(0);
  } finally {
    clearInterval(busy);
  }
  await until(async () => (await ask()).status === 200, 'requests to be taken again');
});
