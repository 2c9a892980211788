/** A nats-server on the configuration of `deploy/`, with its users. */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { findNatsServer } from '../../../src/embedded/find-nats-server.ts';
import { freePort } from '../../../src/embedded/free-port.ts';
import { startGuarded } from '../../../src/embedded/guarded-process.ts';
import { natsGreeting } from '../../../src/embedded/nats-server.ts';
import { until } from '../../support/until.ts';

export type NatsUser = 'all' | 'relay' | 'node' | 'gateway';

const root = join(import.meta.dirname, '..', '..', '..');

export interface DeployedNats extends AsyncDisposable {
  urlOf(user: NatsUser): string;
  /** What the server wrote to its log. */
  log(): Promise<string>;
}

export async function startDeployedNats(): Promise<DeployedNats> {
  const program = await findNatsServer({ path: process.env.PATH ?? '', cache: join(root, '.cache') });
  const directory = await mkdtemp(join(tmpdir(), 'deskwire-nats-'));
  const port = await freePort();
  const password = (user: NatsUser) => `${user}-password`;
  const users: NatsUser[] = ['all', 'relay', 'node', 'gateway'];
  await configure(program, directory, port);
  const passwords = users.map((user) => `${user.toUpperCase()}_PASSWORD: "${password(user)}"\n`);
  await writeFile(join(directory, 'nats-passwords.conf'), passwords.join(''));
  const logFile = join(directory, 'nats-server.log');
  const server = await startGuarded({
    command: program,
    args: ['-c', join(directory, 'nats.conf')],
    stopSignal: 'TERM',
    logFile,
  });
  await until(() => natsGreeting('127.0.0.1', port, 1_000), 'nats-server to take its configuration').catch(
    async (cause: unknown) => {
      throw new Error(await readFile(logFile, 'utf8'), { cause });
    },
  );
  return {
    urlOf: (user) => `nats://${user}:${password(user)}@127.0.0.1:${port}`,
    log: () => readFile(logFile, 'utf8'),
    async [Symbol.asyncDispose]() {
      await server.kill();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** The files as they are deployed, but for where they listen and store, and for what an old server does not know. */
async function configure(program: string, directory: string, port: number): Promise<void> {
  const deployed = (file: string) => readFile(join(root, 'deploy', file), 'utf8');
  const main = await deployed('nats.conf');
  await writeFile(
    join(directory, 'nats.conf'),
    main.replace(/^port: .*$/m, `listen: "127.0.0.1:${port}"`).replace(/^http: .*$/m, ''),
  );
  const store = (await deployed('jetstream.conf')).replace('/data', JSON.stringify(join(directory, 'store')));
  const { stdout } = await promisify(execFile)(program, ['--version']);
  const [, minor = '0'] = /v2\.(\d+)/.exec(stdout) ?? [];
  const knowsSyncInterval = Number(minor) >= 10;
  await writeFile(
    join(directory, 'jetstream.conf'),
    knowsSyncInterval ? store : store.replace(/^ *sync_interval.*$/m, ''),
  );
}
