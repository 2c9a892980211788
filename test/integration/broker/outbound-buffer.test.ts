/** A nats-server that hangs: what is sent to it does not pile up here. */
import { pino } from 'pino';
import { expect, it } from 'vitest';
import { connectBroker } from '../../../src/broker/connection.ts';
import { startNats } from '../../support/services.ts';
import { until } from '../../support/until.ts';

it('signals beyond the bound are lost to others while the server hangs, and go again when it is back', async () => {
  await using nats = await startNats({ controlled: true });
  let refused = 0;
  const options = { url: nats.url, namespace: 'deskwire', name: 'test', log: pino({ level: 'silent' }) };
  const { broker } = await connectBroker({ ...options, outboundLimit: 100_000, onRefused: () => (refused += 1) });
  const { broker: other } = await connectBroker(options);
  const heard: unknown[] = [];
  const heardHere: unknown[] = [];
  await other.signals.subscribe(['news'], (payload) => heard.push(payload)).ready;
  broker.signals.subscribe(['news'], (payload) => heardHere.push(payload));
  const news = 'x'.repeat(10_000);

  // Many more than may wait, and each is taken before the next.
  for (let at = 0; at < 30; at += 1) {
    broker.signals.publish(['news'], news);
    await until(() => heard.length > at, 'the other one to hear it');
  }
  expect(refused).toBe(0);

  await nats.pause();
  for (let at = 0; at < 30; at += 1) broker.signals.publish(['news'], news);
  expect(heardHere).toHaveLength(60);
  const refusedWhilePaused = refused;
  expect(refusedWhilePaused).toBeGreaterThan(15);
  await expect(broker.requests.ask(['anybody'], {}, 1_000)).rejects.toMatchObject({ reason: 'unsent' });

  await nats.resume();
  await until(() => {
    broker.signals.publish(['news'], 'back');
    return heard.includes('back');
  }, 'a signal to arrive again');
  expect(heard.filter((payload) => payload === news).length).toBe(60 - refusedWhilePaused);
  await Promise.all([broker.close(), other.close()]);
});
