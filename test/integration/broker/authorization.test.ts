/** A nats-server that refuses the password for a while: the connection comes back when it accepts it again. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { expect, it } from 'vitest';
import { connectBroker } from '../../../src/broker/connection.ts';
import { findNatsServer } from '../../../src/embedded/find-nats-server.ts';
import { freePort } from '../../../src/embedded/free-port.ts';
import { startGuarded } from '../../../src/embedded/guarded-process.ts';
import { natsGreeting } from '../../../src/embedded/nats-server.ts';
import { paths } from '../../../src/support/paths.ts';
import { testKeys } from '../../support/cluster-keys.ts';
import { until } from '../../support/until.ts';

it('comes back after any number of refusals', async () => {
  await using server = await startWithPassword('right');
  const { broker } = await connectBroker({
    url: `nats://deskwire:right@127.0.0.1:${server.port}`,
    namespace: 'deskwire',
    keys: testKeys(),
    name: 'test',
    log: pino({ level: 'silent' }),
  });
  await using stack = new AsyncDisposableStack();
  stack.defer(() => broker.close());
  await server.setPassword('another');
  await until(async () => (await server.refusals()) >= 4, 'four refusals', { timeoutMs: 60_000 });
  expect(broker.connected).toBe(false);
  await server.setPassword('right');
  await until(() => broker.connected, 'the connection to be back', { timeoutMs: 60_000 });
});

async function startWithPassword(first: string) {
  const program = await findNatsServer({ path: process.env.PATH ?? '', cache: join(paths.migrations, '../.cache') });
  const directory = await mkdtemp(join(tmpdir(), 'deskwire-nats-'));
  const [configuration, logFile] = [join(directory, 'nats.conf'), join(directory, 'nats.log')];
  const port = await freePort();
  const configure = (password: string) =>
    writeFile(configuration, `listen: "127.0.0.1:${port}"\nauthorization: { user: deskwire, password: ${password} }\n`);
  await configure(first);
  const server = await startGuarded({ command: program, args: ['-c', configuration], stopSignal: 'TERM', logFile });
  await until(() => natsGreeting('127.0.0.1', port, 1_000), 'nats-server to answer');
  return {
    port,
    refusals: async () => (await readFile(logFile, 'utf8')).split('authentication error').length - 1,
    async setPassword(password: string) {
      await configure(password);
      process.kill(-server.group, 'SIGHUP');
    },
    async [Symbol.asyncDispose]() {
      await server.kill();
      await rm(directory, { recursive: true, force: true });
    },
  };
}
