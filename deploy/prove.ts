/**
 * Starts docker-compose.yml and tests its promises: seed A's flow through the proxy, websockets and long-polling on
 * both nodes, a killed node, a stopped broker, and access to metrics and secrets. Leaves nothing behind.
 *
 *     node deploy/prove.ts           with the images that the file names
 *     deploy/stand-ins/images.sh && node deploy/prove.ts --stand-ins     without a registry
 */
import assert from 'node:assert/strict';
import { execFile, execFileSync, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { freePort } from '../src/embedded/free-port.ts';
import { runFlow } from '../test/conformance/seed-a/flow.ts';
import { report } from '../test/conformance/table.ts';
import { type Client, listen, openTicket, post, signIn } from '../test/integration/gateway/rig.ts';
import { until } from '../test/support/until.ts';

const root = join(import.meta.dirname, '..');
const standIns = {
  COMPOSE_FILE: 'docker-compose.yml:deploy/stand-ins/compose.yml',
  NATS_JETSTREAM_CONF: './deploy/stand-ins/jetstream.conf',
  NODE_IMAGE: 'local/node',
  POSTGRES_IMAGE: 'local/postgres',
  NATS_IMAGE: 'local/nats',
  PROXY_IMAGE: 'local/haproxy',
};
const port = await freePort();
const env = {
  ...process.env,
  ...(process.argv.includes('--stand-ins') && standIns),
  COMPOSE_PROJECT_NAME: 'deskwire-proof',
  PORT: String(port),
  DEMO_DATA: 'on',
};
const url = `http://127.0.0.1:${port}`;
const [docker, ...composing] =
  spawnSync('docker', ['compose', 'version']).status === 0 ? ['docker', 'compose'] : ['docker-compose'];
const LIMIT = { timeoutMs: 120_000, everyMs: 200 };

/**
 * Does not block the event loop while it waits: if the proxy ended an idle connection meanwhile, the next request would
 * fail.
 */
async function compose(...args: string[]): Promise<string> {
  const run = promisify(execFile);
  const { stdout } = await run(docker as string, [...composing, ...args], { cwd: root, env, maxBuffer: 64 << 20 });
  return stdout;
}

function say(what: string): void {
  process.stdout.write(`\n== ${what}\n`);
}

/** A client on the node that the proxy's cookie names. */
function on(client: Client, node: string, transport: 'polling' | 'websocket') {
  return listen(`${url}/`, {
    auth: { token: client.token },
    transports: [transport],
    extraHeaders: { cookie: `deskwire_node=${node}` },
  });
}

async function testDelivery(): Promise<void> {
  const driver = await signIn(url, 'driver');
  const agent = await signIn(url, 'agent');
  const { id: ticketId } = await openTicket(driver);
  const places = [
    ...(['polling', 'websocket'] as const).flatMap((transport) => [
      { name: `${transport} on node1`, socket: on(agent, 'node1', transport) },
      { name: `${transport} on node2`, socket: on(agent, 'node2', transport) },
      { name: `${transport} without a cookie`, socket: agent.connect('/', { transports: [transport] }) },
    ]),
    // Like a browser: polls first, keeps the proxy's cookie, and then upgrades if it can.
    {
      name: 'upgrading, with cookies kept',
      socket: agent.connect('/', { transports: ['polling', 'websocket'], withCredentials: true }),
    },
  ];
  for (const { socket } of places) assert.equal((await socket.ask('join_ticket', { ticketId })).success, true);
  for (let i = 1; i <= 20; i += 1) await post(driver, ticketId, `message ${i}`);
  const expected = Array.from({ length: 20 }, (_, i) => `message ${i + 1}`);
  for (const { name, socket } of places) {
    const heard = () => socket.all('new_message').map(({ message }) => message.message);
    await until(() => heard().length >= expected.length, `${name} to hear everything`);
    assert.deepEqual(heard(), expected, name);
    process.stdout.write(`   ${name}: heard all, in order\n`);
    socket[Symbol.dispose]();
  }
}

async function testKilledNode(): Promise<void> {
  const driver = await signIn(url, 'driver');
  const agent = await signIn(url, 'agent');
  const { id: ticketId } = await openTicket(driver);
  using listener = on(agent, 'node1', 'polling');
  await listener.ask('join_ticket', { ticketId });
  const before = await post(driver, ticketId, 'before');
  await listener.first('new_message', ({ message }) => message.message === 'before');
  await compose('kill', 'node1');
  await until(() => post(driver, ticketId, 'meanwhile'), 'the other node to take over', LIMIT);
  await until(() => listener.socket.connected, 'the socket to come back', LIMIT);
  const rejoin = async () => (await listener.ask('join_ticket', { ticketId, after: before })).success;
  await until(rejoin, 'joining again', LIMIT);
  await listener.first('new_message', ({ message }) => message.message === 'meanwhile');
  await compose('up', '-d', 'node1');
  process.stdout.write('   what was posted meanwhile was replayed on the other node\n');
}

async function testStoppedBroker(): Promise<void> {
  const driver = await signIn(url, 'driver');
  const { id: ticketId } = await openTicket(driver);
  await compose('stop', 'nats');
  await until(async () => (await fetch(`${url}/readyz`)).status === 503, 'readiness to turn red', LIMIT);
  await until(() => post(driver, ticketId, 'recorded all the same'), 'posting', LIMIT);
  await compose('start', 'nats');
  await until(async () => (await fetch(`${url}/readyz`)).status === 200, 'readiness to come back', LIMIT);
  process.stdout.write('   /readyz was red, posting went on, /readyz is green again\n');
}

async function testAccess(): Promise<void> {
  for (const path of ['/metrics', '/%6Detrics', '/metrics/', '/METRICS']) {
    assert.equal((await fetch(url + path)).status, 404, path);
  }
  const requestMetrics = (authorization: string) =>
    `fetch('http://127.0.0.1:8080/metrics', { headers: { authorization: ${authorization} } }).then((r) => console.log(r.status))`;
  const token = "'Bearer ' + require('fs').readFileSync('/run/secrets/metrics_token', 'utf8')";
  const inside = async (...args: string[]) => (await compose('exec', '-T', 'node2', ...args)).trim();
  assert.equal(await inside('node', '-e', requestMetrics("'Bearer x'")), '401');
  assert.equal(await inside('node', '-e', requestMetrics(token)), '200');
  assert.equal(await inside('id', '-u'), '1000');
  const secret = execFileSync('cat', [join(root, 'deploy/secrets/postgres_password')], { encoding: 'utf8' });
  const containers = (await compose('ps', '-q')).trim().split('\n');
  const inspected = execFileSync('docker', ['inspect', ...containers], { encoding: 'utf8', maxBuffer: 64 << 20 });
  assert.ok(
    !inspected.includes(secret) && !(await compose('logs')).includes(secret),
    'a secret is visible from outside',
  );
  process.stdout.write('   metrics from the inside with the token only; not root; no secret in environment or logs\n');
}

execFileSync(join(root, 'deploy/make-secrets.sh'), { stdio: 'inherit' });
try {
  say('Building and starting');
  await compose('build', 'migrate');
  await compose('up', '-d');
  await until(async () => (await fetch(`${url}/readyz`)).ok, 'the deployment to be ready', LIMIT);
  say('Seed A through the proxy');
  const lines = await runFlow(url);
  process.stdout.write(report(lines));
  assert.ok(lines.every(({ failure }) => failure === undefined));
  say('Every transport, on every node');
  await testDelivery();
  say('Who may see what');
  await testAccess();
  say('A node is killed');
  await testKilledNode();
  say('NATS goes away');
  await testStoppedBroker();
  say('All of it holds');
} catch (error) {
  process.stdout.write(await compose('logs', '--tail', '40'));
  throw error;
} finally {
  await compose('down', '-v', '--timeout', '20');
}
