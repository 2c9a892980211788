/** Whoever asks for readiness or metrics without end costs one run at a time, and nobody stores the answers. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type ApiRig, startApi } from './rig.ts';

let api: ApiRig;
let runs = 0;
let ending = Promise.withResolvers<void>();

beforeAll(async () => {
  const check = async () => {
    runs += 1;
    await ending.promise;
    return undefined;
  };
  const render = async () => {
    runs += 1;
    await ending.promise;
    return { contentType: 'text/plain', text: 'up 1' };
  };
  api = await startApi({ readiness: [{ name: 'slow', check }], metricsPage: { render, token: undefined } });
});
afterAll(() => api[Symbol.asyncDispose]());

it.each(['/readyz', '/metrics'])('%s asked a hundred times at once runs once', async (path) => {
  runs = 0;
  ending = Promise.withResolvers();
  const answers = Array.from({ length: 100 }, () => api.anonymous.fetch(path));
  // All have arrived when this one is answered: a process takes connections in their order.
  await api.anonymous.send('GET', '/livez');
  ending.resolve();
  for (const { status } of await Promise.all(answers)) expect(status).toBe(200);
  // A request may have come after the first run and its moment.
  expect(runs).toBeLessThanOrEqual(3);
});

it.each(['/livez', '/readyz', '/metrics'])('%s is not stored', async (path) => {
  ending.resolve();
  expect((await api.anonymous.fetch(path)).headers.get('cache-control')).toBe('no-store');
});
