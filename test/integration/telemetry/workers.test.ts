/** Several workers on one port answer with their joint metrics, whichever worker gets the request. */
import { expect, inject, it } from 'vitest';
import { freePort } from '../../../src/embedded/free-port.ts';
import { launchServer } from '../../support/server-process.ts';
import { createDatabase, startNats } from '../../support/services.ts';
import { until } from '../../support/until.ts';
import { openTicket, post, signIn } from '../gateway/rig.ts';
import { scrape } from './rig.ts';

it('adds up what all workers of a host did', async () => {
  await using database = await createDatabase();
  await using nats = await startNats();
  await using server = launchServer({
    ...{ DATABASE_URL: database.url, NATS_URL: nats.url, DATA_DIR: inject('services').directory },
    ...{
      PORT: String(await freePort()),
      WORKERS: '3',
      DEMO_DATA: 'on',
      METRICS: 'on',
      LOG_LEVEL: 'warn',
      RATE_LIMIT: 'off',
    },
  });
  const url = await server.ready;
  const driver = await signIn(url, 'driver');
  const { id: ticketId } = await openTicket(driver);
  await Promise.all(Array.from({ length: 30 }, (_, i) => post(driver, ticketId, `message ${i}`)));
  const sockets = Array.from({ length: 6 }, () => driver.connect());
  try {
    for (const socket of sockets) await socket.first('connected');
    const expected = {
      'deskwire_commands_total{kind="ticket",command="PostMessage",result="done"}': 30,
      'deskwire_sockets{namespace="/"}': 6,
      deskwire_relay_leading: 1,
      deskwire_relay_lag_events: 0,
    };
    for (let ask = 0; ask < 6; ask += 1) {
      await until(async () => {
        const series = await scrape(url);
        const found = Object.fromEntries(Object.keys(expected).map((name) => [name, series.get(name)]));
        expect(found).toEqual(expected);
        expect(series.get('deskwire_projection_position{projection="messages"}')).toBe(
          series.get('deskwire_log_position'),
        );
        return true;
      }, 'the metrics of all workers');
    }
  } finally {
    for (const socket of sockets) socket[Symbol.dispose]();
  }
});
