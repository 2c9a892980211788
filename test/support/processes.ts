/** The backing services of a test run as processes: the embedded PostgreSQL and this host's nats-server. */
import { randomBytes } from 'node:crypto';
import { chown, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { unprivilegedAccount } from '../../src/embedded/account.ts';
import { findNatsServer } from '../../src/embedded/find-nats-server.ts';
import { startNatsServer } from '../../src/embedded/nats-server.ts';
import { type RunningServer, startPostgres } from '../../src/embedded/postgres.ts';
import { postgresBinaries } from '../../src/embedded/postgres-binaries.ts';
import { steadyPort } from './ports.ts';
import { type Durability, type PausablePower, type Power, postgresSettings } from './power.ts';

export interface ProcessSource {
  /** The PATH on which nats-server is found. */
  readonly path: string;
  readonly cache: string;
  /** The temporary folder of the run. Its creator removes it. */
  readonly directory: string;
}

export async function natsProcess({ directory: parent, ...places }: ProcessSource): Promise<PausablePower> {
  const program = await findNatsServer(places);
  const directory = await mkdtemp(join(parent, 'nats-'));
  const logFile = join(directory, 'nats-server.log');
  const port = await steadyPort();
  const launch = () => startNatsServer({ program, directory, logFile, password: undefined, port });
  let server = await launch();
  return {
    ...powerOver(() => server, directory),
    async start() {
      if (!server.process.running) server = await launch();
    },
    pause: async () => void process.kill(-server.process.group, 'SIGSTOP'),
    resume: async () => void process.kill(-server.process.group, 'SIGCONT'),
  };
}

export async function postgresProcess({ directory: parent }: ProcessSource, durability: Durability): Promise<Power> {
  const account = unprivilegedAccount();
  if (account) await chown(parent, account.uid, account.gid);
  const directory = join(parent, `postgres-${randomBytes(6).toString('hex')}`);
  await mkdir(directory, { mode: 0o700 });
  if (account) await chown(directory, account.uid, account.gid);
  const options = {
    directory: join(directory, 'data'),
    programs: await postgresBinaries(account),
    account,
    password: randomBytes(16).toString('hex'),
    logFile: join(directory, 'postgres.log'),
    database: 'postgres',
    settings: postgresSettings(durability),
    port: await steadyPort(),
  };
  let server = await startPostgres(options);
  return {
    ...powerOver(() => server, directory),
    async start() {
      if (!server.process.running) server = await startPostgres(options);
    },
  };
}

function powerOver(server: () => RunningServer, directory: string) {
  return {
    url: server().url,
    stop: () => server().process.stop(),
    kill: () => server().process.kill(),
    async [Symbol.asyncDispose]() {
      await server().process.kill();
      await rm(directory, { recursive: true, force: true, maxRetries: 20 });
    },
  };
}
