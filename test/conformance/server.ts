/** Starts the server as `npm start` does, or several behind a balancer, with backing services of their own. */
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

/** Starts `count` servers. A balancer distributes connections among them in turn. */
export async function startServers(count: number, env: Readonly<Record<string, string>> = {}): Promise<StartedServer> {
  await using resources = new AsyncDisposableStack();
  const database = resources.use(await createDatabase());
  const nats = resources.use(await startNats());
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
    resources.defer(() => server.close());
    urls.push(server.url);
  }
  let [url = ''] = urls;
  if (count > 1) {
    const balancer = resources.use(await startBalancer());
    for (const one of urls) balancer.servers.add(one);
    url = balancer.url;
  }
  const owned = resources.move();
  return { url, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}
