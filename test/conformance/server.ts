/** The server as `npm start` starts it, on services of its own, for one suite. */
import { pino } from 'pino';
import { inject } from 'vitest';
import { readConfig } from '../../src/config.ts';
import { start } from '../../src/server.ts';
import { createDatabase, startNats } from '../support/services.ts';

export interface StartedServer extends AsyncDisposable {
  readonly url: string;
}

export async function startServer(env: Readonly<Record<string, string>> = {}): Promise<StartedServer> {
  await using parts = new AsyncDisposableStack();
  const database = parts.use(await createDatabase());
  const nats = parts.use(await startNats());
  const config = readConfig({
    ...{ PORT: '0', DATABASE_URL: database.url, NATS_URL: nats.url, DATA_DIR: inject('services').directory },
    ...{ DEMO_DATA: 'on', RATE_LIMIT: 'off' },
    ...env,
  });
  const server = await start(config, pino({ level: 'silent' }));
  parts.defer(() => server.close());
  const owned = parts.move();
  return { url: server.url, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}
