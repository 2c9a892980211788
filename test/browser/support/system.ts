/** A server that tests can kill: a process of its own, always at the same address, on services that outlive it. */
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { inject } from 'vitest';
import { steadyPort } from '../../support/ports.ts';
import { launchServer, type ServerProcess } from '../../support/server-process.ts';
import { createDatabase, startNats } from '../../support/services.ts';

export interface MortalServer extends AsyncDisposable {
  readonly url: string;
  /** Kills the process, like a crash. */
  kill(): Promise<void>;
  /** Resolves when it serves again. */
  start(): Promise<void>;
}

export async function startMortalServer(): Promise<MortalServer> {
  await using parts = new AsyncDisposableStack();
  const database = parts.use(await createDatabase());
  const nats = parts.use(await startNats());
  const directory = await mkdtemp(join(inject('services').directory, 'server-'));
  parts.defer(() => rm(directory, { recursive: true, force: true }));
  const port = await steadyPort();
  let server: ServerProcess | undefined;
  parts.defer(async () => server?.[Symbol.asyncDispose]());
  const start = async () => {
    server = launchServer({
      DATABASE_URL: database.url,
      NATS_URL: nats.url,
      DATA_DIR: directory,
      PORT: String(port),
      DEMO_DATA: 'on',
      RATE_LIMIT: 'off',
      LOG_LEVEL: 'silent',
    });
    await server.ready;
  };
  await start();
  const owned = parts.move();
  return {
    url: `http://127.0.0.1:${port}`,
    async kill() {
      server?.signal('SIGKILL');
      await server?.exited;
    },
    start,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
