import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { connectBroker } from '../../../src/broker/connection.ts';
import type { Broker } from '../../../src/broker/port.ts';
import { testKeys } from '../../support/cluster-keys.ts';
import { type ControlledNats, startNats } from '../../support/services.ts';
import { until } from '../../support/until.ts';

let nats: ControlledNats;
let asking: Broker;
let serving: Broker;
beforeAll(async () => {
  nats = await startNats({ controlled: true });
});
afterAll(() => nats[Symbol.asyncDispose]());
beforeEach(async () => {
  const connect = async () =>
    (
      await connectBroker({
        url: nats.url,
        namespace: 'deskwire',
        keys: testKeys(),
        name: 'test',
        log: pino({ level: 'silent' }),
      })
    ).broker;
  [asking, serving] = await Promise.all([connect(), connect()]);
});
afterEach(async () => {
  await Promise.all([asking.close(), serving.close()]);
});

it('answers a question on a topic with any characters', async () => {
  const service = serving.requests.serve(['echo', 'a.* >'], async (question) => ({ asked: question }));
  await service.ready;
  expect(await asking.requests.ask(['echo', 'a.* >'], { text: 'Grüße' }, 1_000)).toEqual({ asked: { text: 'Grüße' } });
});

it('reports at once that no process serves a topic', async () => {
  await expect(asking.requests.ask(['nobody'], {}, 60_000)).rejects.toMatchObject({ reason: 'nobody' });
});

it('waits until the time-out, also for a handler that fails', async () => {
  const service = serving.requests.serve(['hangs'], () => new Promise(() => {}));
  const failing = serving.requests.serve(['fails'], () => Promise.reject(new Error('expected')));
  await Promise.all([service.ready, failing.ready]);
  await expect(asking.requests.ask(['hangs'], {}, 50)).rejects.toMatchObject({ reason: 'late' });
  await expect(asking.requests.ask(['fails'], {}, 50)).rejects.toMatchObject({ reason: 'late' });
});

it('reports a question or an answer that is too large for the broker', async () => {
  const service = serving.requests.serve(['large'], async () => 'x'.repeat(2_000_000));
  await service.ready;
  await expect(asking.requests.ask(['large'], 'x'.repeat(2_000_000), 1_000)).rejects.toMatchObject({
    reason: 'unsent',
  });
  await expect(asking.requests.ask(['large'], {}, 1_000)).rejects.toMatchObject({ reason: 'oversized' });
});

it('closes a service when the questions that it took are answered, and takes no more', async () => {
  const held = Promise.withResolvers<string>();
  let taken = 0;
  const service = serving.requests.serve(['slow'], () => {
    taken += 1;
    return held.promise;
  });
  await service.ready;
  const answer = asking.requests.ask(['slow'], {}, 5_000);
  await until(() => taken === 1, 'the question to be taken');
  let closed = false;
  const closing = service.close().then(() => {
    closed = true;
  });
  await until(
    () => asking.requests.ask(['slow'], {}, 100).catch((error) => error.reason === 'nobody'),
    'the service to take no more questions',
  );
  expect(closed).toBe(false);
  held.resolve('at last');
  expect(await answer).toBe('at last');
  await closing;
});

it('sends no question without a connection, not even later', async () => {
  let taken = 0;
  const service = serving.requests.serve(['away'], async () => {
    taken += 1;
  });
  await service.ready;
  await nats.kill();
  await until(() => !asking.connected, 'the connection to be lost');
  await expect(asking.requests.ask(['away'], 1, 1_000)).rejects.toMatchObject({ reason: 'unsent' });
  await nats.start();
  await until(() => asking.connected && serving.connected, 'the connections to be back');
  await until(() => asking.requests.ask(['away'], 2, 1_000).then(() => true), 'the service to be back');
  expect(taken).toBe(1);
});
