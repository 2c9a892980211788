/**
 * `npm run bench:hostile`: what others get while somebody attacks. Each attack runs for BENCH_SECONDS on a server of
 * its own, while another user signs in, connects a socket, reads and opens tickets, and `/livez` is asked every 50 ms.
 * BENCH_ONLY names the attacks to run, by a part of their name (`BENCH_ONLY=socket`).
 */
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { openWebsocket } from '../test/support/raw-websocket.ts';
import { ATTACKS, type Attack, type Target } from './hostile/attacks.ts';
import { type ServerUnderTest, startServer } from './support/server.ts';

const SECONDS = Number(process.env.BENCH_SECONDS || 20);
const USERS = 1_000;
const FILE_BYTES = 10 * 1_024 * 1_024;
const MB = 1_024 * 1_024;

interface Probed {
  readonly milliseconds: number[];
  failed: number;
}

async function send(url: string, path: string, token?: string, body?: object): Promise<Response> {
  const answer = await fetch(url + path, {
    method: body === undefined ? 'GET' : 'POST',
    headers: {
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
      ...(body !== undefined && { 'content-type': 'application/json' }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(10_000),
  });
  if (!answer.ok) throw new Error(`${path} answers ${answer.status}: ${await answer.text()}`);
  return answer;
}

async function tokenOf(url: string, email: string): Promise<string> {
  const answer = await send(url, '/api/v1/auth/login', undefined, { email, password: 'deskwire-demo' });
  const { access_token: token } = (await answer.json()) as { access_token: string };
  return token;
}

/** Connects a socket, and ends it when the server has greeted it. */
async function connectSocket(url: string, token: string): Promise<void> {
  using socket = await openWebsocket(url);
  socket.send(`40{"token":"${token}"}`);
  const deadline = performance.now() + 10_000;
  while (!socket.texts.some((text) => text.includes('"connected"'))) {
    if (socket.closed !== undefined || performance.now() > deadline) throw new Error('a socket was not connected');
    await sleep(5);
  }
}

async function prepare(url: string): Promise<Target> {
  const emails = ['driver', 'driver2', 'vendor', 'accounts'].map((name) => `${name}@example.com`);
  const requesters = await Promise.all(emails.map((email) => tokenOf(url, email)));
  const service = await tokenOf(url, 'service@example.com');
  const admin = await tokenOf(url, 'admin@example.com');
  const userIds = Array.from({ length: USERS }, (_, index) => `user-${index}`);
  for (let from = 0; from < USERS; from += 50) {
    const some = userIds.slice(from, from + 50);
    await Promise.all(some.map((id) => send(url, '/api/v1/users', admin, { id, name: id, role: 'customer' })));
  }
  const driver = requesters[0] ?? '';
  const opened = await send(url, '/api/v1/support', driver, { description: 'For a file' });
  const { id } = (await opened.json()) as { id: string };
  const form = new FormData();
  form.set('file', new Blob([Buffer.alloc(FILE_BYTES - 10, 'a line of text\n')]), 'a.txt');
  const headers = { authorization: `Bearer ${driver}` };
  const uploaded = await fetch(`${url}/api/tickets/${id}/chat/upload`, { method: 'POST', headers, body: form });
  const { url: download } = (await uploaded.json()) as { url: string };
  return { url, requesters, service, userIds, download };
}

/** Asks again and again until the signal is aborted, and notes how long the answers took. */
async function probe(signal: AbortSignal, everyMs: number, ask: () => Promise<unknown>): Promise<Probed> {
  const probed: Probed = { milliseconds: [], failed: 0 };
  while (!signal.aborted) {
    const began = performance.now();
    try {
      await ask();
      probed.milliseconds.push(performance.now() - began);
    } catch (error) {
      if (probed.failed === 0) process.stderr.write(`  first failure: ${String(error).slice(0, 150)}\n`);
      probed.failed += 1;
    }
    await sleep(Math.max(0, everyMs - (performance.now() - began)));
  }
  return probed;
}

async function highestMemory(signal: AbortSignal, server: ServerUnderTest): Promise<number> {
  let highest = 0;
  while (!signal.aborted) {
    highest = Math.max(highest, await server.memory());
    await sleep(100);
  }
  return highest;
}

async function measure(attack: Attack | undefined): Promise<string[]> {
  const folder = await mkdtemp(join(tmpdir(), 'deskwire-hostile-'));
  // When root runs the benchmark, PostgreSQL runs as another user, who must be able to enter the folder.
  await chmod(folder, 0o755);
  await using stack = new AsyncDisposableStack();
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  const program = join(import.meta.dirname, '..', 'src', 'main.ts');
  const server = stack.use(await startServer(program, { DATA_DIR: folder, PORT: '0', LOG_LEVEL: 'fatal' }));
  const target = await prepare(server.url);
  const { url } = server;
  const agent = await tokenOf(url, 'agent@example.com');
  await sleep(1_000);
  const before = await server.memory();
  const ending = new AbortController();
  const { signal } = ending;
  const running = attack?.run(target, signal);
  const probes = Promise.all([
    probe(signal, 50, async () => (await send(url, '/livez')).arrayBuffer()),
    probe(signal, 100, async () => (await send(url, '/api/v1/tickets', agent)).arrayBuffer()),
    probe(signal, 200, async () => (await send(url, '/api/v1/support', agent, { description: 'Help' })).arrayBuffer()),
    probe(signal, 1_000, () => tokenOf(url, 'ops@example.com')),
    probe(signal, 500, () => connectSocket(url, agent)),
    highestMemory(signal, server),
  ]);
  await sleep(SECONDS * 1_000);
  ending.abort();
  const [live, reads, commands, logins, sockets, highest] = await probes;
  await running;
  const grown = Math.round((highest - before) / MB);
  return [attack?.name ?? 'nobody attacks', ...[live, reads, commands, logins, sockets].map(shown), `${grown} MB`];
}

function printRow(cells: readonly string[]): void {
  process.stdout.write(`| ${cells.join(' | ')} |\n`);
}

/** The 99th percentile, the slowest, and the share of requests that failed. */
function shown({ milliseconds, failed }: Probed): string {
  const sorted = milliseconds.toSorted((a, b) => a - b);
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
  const p99 = at(0.99);
  if (p99 === undefined) return 'none served';
  const times = `${Math.round(p99)} / ${Math.round(at(1) ?? p99)} ms`;
  return failed === 0 ? times : `${times}, ${Math.ceil((100 * failed) / (failed + sorted.length))} % failed`;
}

const only = process.env.BENCH_ONLY ?? '';
const chosen = [undefined, ...ATTACKS].filter((attack) => only === '' || attack?.name.includes(only));
const columns = ['reads of others', 'commands of others', 'sign-ins', 'new sockets', 'memory'];
printRow(['attack', '`/livez` p99 / slowest', ...columns]);
printRow(Array.from({ length: columns.length + 2 }, () => '---'));
for (const attack of chosen) printRow(await measure(attack));
