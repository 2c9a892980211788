/**
 * The services of a test run as containers (`npm run test:containers`), started through Testcontainers.
 *
 * Each container has a label with the run. It is removed by the test that started it, or at the end of the run, or by
 * the next run when this one was killed. Ryuk is not needed: some machines cannot run it.
 */
import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { GenericContainer, getContainerRuntimeClient, type StartedTestContainer, Wait } from 'testcontainers';
import { natsGreeting } from '../../src/embedded/nats-server.ts';
import { anyPort } from './ports.ts';
import { type Durability, type PausablePower, postgresSettings } from './power.ts';
import { until } from './until.ts';

export interface ContainerSource {
  readonly postgresImage: string;
  readonly natsImage: string;
  /** The label of all containers of this run: host, process and number. */
  readonly run: string;
}

const LABEL = 'dev.deskwire.test-run';
const START = { timeoutMs: 60_000, everyMs: 20 };
const TRIES = 10;

/** Rejects with instructions where there is no container engine. Removes the containers of killed runs. */
export async function containerSource(env: NodeJS.ProcessEnv): Promise<ContainerSource> {
  try {
    await getContainerRuntimeClient();
  } catch (cause) {
    throw new Error(
      'TEST_SERVICES=containers needs a container engine and none answers: start Docker (or Podman with DOCKER_HOST), ' +
        'or run `npm test`, which needs no containers. Nothing was tested.',
      { cause },
    );
  }
  await removeContainers(({ host, pid }) => host === hostname() && !alive(pid));
  return {
    postgresImage: env.TEST_POSTGRES_IMAGE || 'postgres:18',
    natsImage: env.TEST_NATS_IMAGE || 'nats:2.14',
    run: env.TEST_CONTAINERS_RUN || `${hostname()}/${process.pid}/${randomBytes(6).toString('hex')}`,
  };
}

/** Removes the containers that are left of a run. */
export function removeContainersOf({ run }: ContainerSource): Promise<void> {
  return removeContainers(({ label }) => label === run);
}

export async function natsContainer({ natsImage, run }: ContainerSource): Promise<PausablePower> {
  const container = await onFreePort(4222, (ports) =>
    new GenericContainer(natsImage)
      .withLabels({ [LABEL]: run })
      .withExposedPorts(ports)
      .withCommand(['--jetstream', '--store_dir', '/tmp/jetstream'])
      .withWaitStrategy(Wait.forLogMessage(/Server is ready/))
      .start(),
  );
  const host = hostOf(container);
  const port = container.getMappedPort(4222);
  const ready = () => natsGreeting(host, port, 1_000);
  await until(ready, `nats-server in ${natsImage}`, START);
  return powerOver(container, 'SIGTERM', `nats://${host}:${port}`, ready);
}

export async function postgresContainer(
  { postgresImage, run }: ContainerSource,
  durability: Durability,
): Promise<PausablePower> {
  const settings = Object.entries(postgresSettings(durability)).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const password = randomBytes(16).toString('hex');
  // Postgres is process 1 of the container: it inherits a program whose parent was killed, takes the end of it for a
  // crash of a backend of its own, and starts again, which ends the connections of all tests. Nothing else may run
  // there: no health check, and no check of the port from inside, as `@testcontainers/postgresql` makes.
  const container = await onFreePort(5432, (ports) =>
    new GenericContainer(postgresImage)
      .withLabels({ [LABEL]: run })
      .withExposedPorts(ports)
      .withEnvironment({
        POSTGRES_USER: 'deskwire',
        POSTGRES_PASSWORD: password,
        POSTGRES_DB: 'postgres',
        POSTGRES_INITDB_ARGS: '--encoding=UTF8 --locale=C.UTF-8',
      })
      .withSharedMemorySize(256 * 1024 * 1024)
      .withCommand(['postgres', ...settings])
      .withWaitStrategy(Wait.forLogMessage(/ready to accept connections/))
      .start(),
  );
  const url = new URL(`postgres://deskwire:${password}@${hostOf(container)}:${container.getMappedPort(5432)}/postgres`);
  const ready = async () => {
    const client = new pg.Client({ connectionString: url.href, connectionTimeoutMillis: 1_000 });
    client.on('error', () => undefined);
    try {
      await client.connect();
      return true;
    } finally {
      await client.end();
    }
  };
  await until(ready, `PostgreSQL in ${postgresImage}`, START);
  // Postgres' "fast" shutdown: on SIGTERM it would wait until its clients disconnect.
  const power = await powerOver(container, 'SIGINT', url.href, ready);
  return {
    ...power,
    async [Symbol.asyncDispose]() {
      await reportCrashes(container);
      await power[Symbol.asyncDispose]();
    },
  };
}

/** Prints what a PostgreSQL logged when one of its processes crashed, which fails tests that have no part in it. */
async function reportCrashes(started: StartedTestContainer): Promise<void> {
  const client = await getContainerRuntimeClient();
  const log = await client.container.getById(started.getId()).logs({ stdout: true, stderr: true, tail: 50_000 });
  const lines = log.toString().split('\n');
  const crash = lines.findIndex((line) => /PANIC:|was terminated by (signal|exception)/.test(line));
  if (crash === -1) return;
  const excerpt = lines.slice(Math.max(0, crash - 10), crash + 20).join('\n');
  process.stderr.write(`PostgreSQL crashed during the tests:\n${excerpt}\n`);
}

/** A stopped container keeps its port only if the port was named. */
async function onFreePort<C>(
  port: number,
  start: (ports: { container: number; host: number }) => Promise<C>,
): Promise<C> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await start({ container: port, host: anyPort() });
    } catch (error) {
      if (tries === TRIES || !/port is already allocated|address already in use/i.test(String(error))) throw error;
      await sleep(50);
    }
  }
}

function hostOf(container: StartedTestContainer): string {
  const host = container.getHost();
  return host === 'localhost' ? '127.0.0.1' : host;
}

async function powerOver(
  started: StartedTestContainer,
  stopSignal: 'SIGINT' | 'SIGTERM',
  url: string,
  ready: () => Promise<unknown>,
): Promise<PausablePower> {
  const client = await getContainerRuntimeClient();
  const container = client.container.getById(started.getId());
  return {
    url,
    async stop() {
      await container.kill({ signal: stopSignal });
      await container.wait();
    },
    kill: () => container.kill(),
    pause: () => container.pause(),
    resume: () => container.unpause(),
    async start() {
      const { State } = await container.inspect();
      if (!State.Running) await container.start();
      await until(ready, `${started.getName()} to answer`, START);
    },
    async [Symbol.asyncDispose]() {
      await container.remove({ force: true, v: true });
    },
  };
}

interface Owner {
  readonly label: string;
  readonly host: string;
  readonly pid: number;
}

async function removeContainers(which: (owner: Owner) => boolean): Promise<void> {
  const { container } = await getContainerRuntimeClient();
  const found = await container.dockerode.listContainers({ all: true, filters: { label: [LABEL] } });
  await Promise.all(
    found.map(async ({ Id, Labels }) => {
      const label = Labels[LABEL] ?? '';
      const [host = '', pid = ''] = label.split('/');
      if (which({ label, host, pid: Number(pid) })) await container.getById(Id).remove({ force: true, v: true });
    }),
  );
}

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
