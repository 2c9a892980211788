/** While nats-server hangs, outgoing messages do not pile up in memory. */
import { pino } from 'pino';
import { expect, it } from 'vitest';
import { connectBroker } from '../../../src/broker/connection.ts';
import { testKeys } from '../../support/cluster-keys.ts';
import { startNats } from '../../support/services.ts';
import { until } from '../../support/until.ts';

it('drops signals beyond the limit while the server hangs, and sends signals again when it is back', async () => {
  await using nats = await startNats({ controlled: true });
  let refused = 0;
  const options = {
    url: nats.url,
    namespace: 'deskwire',
    keys: testKeys(),
    name: 'test',
    log: pino({ level: 'silent' }),
  };
  const { broker } = await connectBroker({ ...options, outboundLimit: 100_000, onRefused: () => (refused += 1) });
  const { broker: other } = await connectBroker(options);
  const received: unknown[] = [];
  const receivedHere: unknown[] = [];
  await other.signals.subscribe(['news'], (payload) => received.push(payload)).ready;
  broker.signals.subscribe(['news'], (payload) => receivedHere.push(payload));
  const news = 'x'.repeat(10_000);

  // More bytes than may wait, but each signal arrives before the next is sent.
  for (let at = 0; at < 30; at += 1) {
    broker.signals.publish(['news'], news);
    await until(() => received.length > at, 'the other process to receive it');
  }
  expect(refused).toBe(0);

  await nats.pause();
  for (let at = 0; at < 30; at += 1) broker.signals.publish(['news'], news);
  expect(receivedHere).toHaveLength(60);
  const refusedWhilePaused = refused;
  expect(refusedWhilePaused).toBeGreaterThan(15);
  await expect(broker.requests.ask(['anybody'], {}, 1_000)).rejects.toMatchObject({ reason: 'unsent' });

  await nats.resume();
  await until(() => {
    broker.signals.publish(['news'], 'back');
    return received.includes('back');
  }, 'a signal to arrive again');
  expect(received.filter((payload) => payload === news).length).toBe(60 - refusedWhilePaused);
  await Promise.all([broker.close(), other.close()]);
});
