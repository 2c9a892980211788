/** A server as `npm start` runs it, and its metrics as Prometheus reads them. */
import { pino } from 'pino';
import { inject } from 'vitest';
import { readConfig } from '../../../src/runtime/config.ts';
import { type Server, start } from '../../../src/runtime/server.ts';
import { createDatabase, startNats } from '../../support/services.ts';

export interface Started extends AsyncDisposable {
  readonly url: string;
  readonly databaseUrl: string;
  readonly natsUrl: string;
}

export async function startServer(env: Record<string, string> = {}): Promise<Started> {
  await using parts = new AsyncDisposableStack();
  const database = parts.use(await createDatabase());
  const nats = parts.use(await startNats());
  const services = { DATABASE_URL: database.url, NATS_URL: nats.url, DATA_DIR: inject('services').directory };
  // Without limits, which a busy machine reaches: the tests share the process's event loop.
  const settings = { PORT: '0', DEMO_DATA: 'on', METRICS: 'on', RATE_LIMIT: 'off', ...services, ...env };
  const server: Server = await start(readConfig(settings), pino({ level: 'silent' }));
  parts.defer(() => server.close());
  const owned = parts.move();
  return {
    url: server.url,
    databaseUrl: database.url,
    natsUrl: nats.url,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** Values by series, as `name{label="value",…}`, labels in the order of the text. */
export async function scrape(url: string): Promise<ReadonlyMap<string, number>> {
  const text = await (await fetch(`${url}/metrics`)).text();
  const series = new Map<string, number>();
  for (const line of text.split('\n')) {
    if (line === '' || line.startsWith('#')) continue;
    const at = line.lastIndexOf(' ');
    series.set(line.slice(0, at), Number(line.slice(at + 1)));
  }
  return series;
}
