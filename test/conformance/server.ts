/** The server as `npm start` starts it, or several behind a balancer, on services of their own, for one suite. */
import { pino } from 'pino';
import { inject } from 'vitest';
import { readConfig } from '../../src/runtime/config.ts';
import { start } from '../../src/runtime/server.ts';
import { startBalancer } from '../support/balancer.ts';
import { createDatabase, startNats } from '../support/services.ts';

export interface StartedServer extends AsyncDisposable {
  readonly url: string;
}

export function startServer(env: Readonly<Record<string, string>> = {}): Promise<StartedServer> {
  return startServers(1, env);
}

/** Connections go to them in turn. */
export async function startServers(count: number, env: Readonly<Record<string, string>> = {}): Promise<StartedServer> {
  await using parts = new AsyncDisposableStack();
  const database = parts.use(await createDatabase());
  const nats = parts.use(await startNats());
  const config = readConfig({
    PORT: '0',
    DATABASE_URL: database.url,
    NATS_URL: nats.url,
    DATA_DIR: inject('services').directory,
    DEMO_DATA: 'on',
    RATE_LIMIT: 'off',
    ...env,
  });
  const urls: string[] = [];
  while (urls.length < count) {
    const demo = urls.length === 0 ? config.DEMO_DATA : 'off';
    const server = await start({ ...config, DEMO_DATA: demo }, pino({ level: 'silent' }));
    parts.defer(() => server.close());
    urls.push(server.url);
  }
  let [url = ''] = urls;
  if (count > 1) {
    const balancer = parts.use(await startBalancer());
    for (const one of urls) balancer.servers.add(one);
    url = balancer.url;
  }
  const owned = parts.move();
  return { url, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}
