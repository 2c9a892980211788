/** Several workers on one host, from the view of clients, of a terminal and of operators. */
import { Agent, request } from 'node:http';
import { createServer } from 'node:net';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { freePort } from '../../../src/embedded/free-port.ts';
import { launchServer, processesNaming, type ServerProcess } from '../../support/server-process.ts';
import { createDatabase, startNats, type TestDatabase, type TestNats } from '../../support/services.ts';
import { until } from '../../support/until.ts';
import { createDataDir } from '../start/data-dir.ts';
import { insist, listen, logIn } from './people.ts';

let database: TestDatabase;
let nats: TestNats;
/** The tests share it; the last one kills it. */
let server: ServerProcess;
let url: string;
beforeAll(async () => {
  [database, nats] = await Promise.all([createDatabase(), startNats()]);
  server = launch();
  url = await server.ready;
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await nats[Symbol.asyncDispose]();
  await database[Symbol.asyncDispose]();
});

/** Milliseconds for a process to start on a busy machine. */
const patience = { timeoutMs: 40_000 };

const launch = (more: NodeJS.ProcessEnv = {}) =>
  launchServer({
    DATABASE_URL: database.url,
    NATS_URL: nats.url,
    DEMO_DATA: 'on',
    RATE_LIMIT: 'off',
    WORKERS: '2',
    ...more,
  });

interface Line {
  readonly msg: string;
  readonly worker?: number;
  readonly pid?: number;
}

const linesOf = (server: ServerProcess): Line[] =>
  server
    .output()
    .split('\n')
    .filter((line) => line.startsWith('{') && line.endsWith('}'))
    .map((line) => JSON.parse(line));

/** The pids under which a worker has served, the newest last. */
const pidsOf = (server: ServerProcess, worker: number): number[] =>
  linesOf(server).flatMap((line) => (line.msg === 'worker serves' && line.worker === worker ? [line.pid ?? 0] : []));

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

async function openTicket(url: string, token: string): Promise<string> {
  return String((await insist(url, token, '/api/v1/support', { description: 'Work' })).id);
}

/** The workers that have answered commands, from their log lines. */
const answering = (server: ServerProcess) =>
  new Set(linesOf(server).flatMap(({ msg, worker }) => (msg === 'command' && worker !== undefined ? [worker] : [])));

describe('a host with several workers', () => {
  it('serves every kind of client through any worker', async () => {
    const token = await logIn(url);
    const ticket = await openTicket(url, token);
    const kinds = [['polling'], ['polling', 'websocket'], ['websocket']];
    const clients = await Promise.all(
      kinds.flatMap((transports) => Array.from({ length: 6 }, () => listen(url, token, ticket, transports))),
    );
    onTestFinished(() => {
      for (const client of clients) client[Symbol.dispose]();
    });
    const texts = Array.from({ length: 20 }, (_, index) => `message ${index}`);
    for (const message of texts) await insist(url, token, `/api/tickets/${ticket}/chat`, { message });
    for (const client of clients) {
      await until(() => client.received.length === texts.length, 'each client to receive every message');
      expect(client.received.map(({ text }) => text)).toEqual(texts);
      expect(client.connections).toBe(1);
    }
    const upgraded = clients.slice(6, 12);
    await until(() => upgraded.every(({ transport }) => transport === 'websocket'), 'the upgrades to websocket');
    expect(clients.slice(0, 6).every(({ transport }) => transport === 'polling')).toBe(true);
    const workers = new Set(clients.map(({ transportId }) => transportId?.split('.')[0]));
    expect(workers).toEqual(new Set(['1', '2']));
  });

  it('keeps API connections open, and distributes new ones to all workers', async () => {
    const token = await logIn(url);
    const agents = Array.from({ length: 4 }, () => new Agent({ keepAlive: true, maxSockets: 1 }));
    onTestFinished(() => {
      for (const agent of agents) agent.destroy();
    });
    for (const agent of agents) {
      const ports = [await clientPort(agent), await clientPort(agent), await clientPort(agent)];
      expect(new Set(ports).size).toBe(1);
    }
    await until(() => answering(server).size === 2, 'both workers to have answered');

    /** The client port of the connection that answered a command. */
    function clientPort(agent: Agent): Promise<number | undefined> {
      return new Promise((resolve, reject) => {
        const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
        const posting = request(
          `${url}/api/v1/notifications/read-all`,
          { agent, method: 'POST', headers },
          (response) => {
            const port = response.socket.localPort;
            response.resume().on('end', () => resolve(port));
          },
        );
        posting.on('error', reject).end('{}');
      });
    }
  });

  it('continues when a worker is killed with -9, and restarts it with its process role', async () => {
    const token = await logIn(url);
    const ticket = await openTicket(url, token);
    const clients = await Promise.all(Array.from({ length: 4 }, () => listen(url, token, ticket)));
    onTestFinished(() => {
      for (const client of clients) client[Symbol.dispose]();
    });
    // The first leads the relay and runs the projections.
    const [pid = 0] = pidsOf(server, 1);
    process.kill(pid, 'SIGKILL');
    const texts = Array.from({ length: 20 }, (_, index) => `message ${index}`);
    for (const message of texts) await insist(url, token, `/api/tickets/${ticket}/chat`, { message });
    for (const client of clients) {
      await until(() => client.received.length === texts.length, 'each client to receive every message');
      expect(client.received.map(({ text }) => text)).toEqual(texts);
    }
    await until(() => pidsOf(server, 1).length === 2, 'the worker to be back', patience);
    expect(linesOf(server).some(({ msg, worker }) => msg === 'worker died' && worker === 1)).toBe(true);
    expect((await fetch(`${url}/readyz`)).status).toBe(200);
  });

  it('drains a worker after SIGTERM, and starts another in its place', async () => {
    const [pid = 0] = pidsOf(server, 2);
    process.kill(pid, 'SIGTERM');
    await until(() => pidsOf(server, 2).length === 2, 'another worker', patience);
    expect(linesOf(server).some(({ msg, worker }) => msg === 'worker drains' && worker === 2)).toBe(true);
  });

  it('reports a port in use in one line', async () => {
    const taker = createServer();
    onTestFinished(() => void taker.close());
    const port = await freePort();
    await new Promise<void>((resolve) => taker.listen(port, '127.0.0.1', resolve));
    await using refused = launch({ PORT: String(port) });
    expect(await refused.exited).toBe(1);
    expect(refused.errors()).toMatch(/^deskwire: port \d+ is taken: [^\n]+\n$/);
  });

  it('keeps its backing services and data like one process, and leaves no process after Ctrl-C', {
    timeout: 120_000,
  }, async () => {
    await using dataDir = await createDataDir();
    await using embedded = launchServer({ DATA_DIR: dataDir.path, WORKERS: '2' });
    const own = await embedded.ready;
    await openTicket(own, await logIn(own));
    const pids = [...pidsOf(embedded, 1), ...pidsOf(embedded, 2)];
    // A terminal sends SIGINT to all of them, and npm sends it once more to the first.
    for (const pid of pids) process.kill(pid, 'SIGINT');
    embedded.signal('SIGINT');
    embedded.signal('SIGINT');
    expect(await embedded.exited).toBe(0);
    expect(pids.some(isAlive)).toBe(false);
    expect(await processesNaming(dataDir.path)).toEqual([]);
    expect(embedded.errors()).toBe('');
  });

  it('ends its workers when the primary is killed with -9', async () => {
    const pids = [pidsOf(server, 1).at(-1) ?? 0, pidsOf(server, 2).at(-1) ?? 0];
    expect(pids.every(isAlive)).toBe(true);
    server.signal('SIGKILL');
    await until(() => !pids.some(isAlive), 'the workers to end');
  });
});
