/**
 * The clients of the soak test, in a process of their own. One posts at a steady rate, and one receives every message
 * live. One with a websocket and one that polls stop reading until the server cuts them off, then catch up after their
 * cursor, and start again.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { io } from 'socket.io-client';
import { insist, listen, logIn } from '../integration/cluster/people.ts';
import { type Poller, startPoller } from '../support/poller.ts';
import { until } from '../support/until.ts';

export interface Received {
  readonly who: 'reader' | 'websocket' | 'polling';
  readonly messages: number;
  /** How many times the server cut the client off. */
  readonly cuts: number;
  /**
   * Null when the client received exactly the recorded messages, in order; else the versions at the first difference.
   */
  readonly wrong: { readonly received: readonly number[]; readonly recorded: readonly number[] } | null;
}

/** Milliseconds between two messages, and between two fillers of a connection that is not read. */
const PACE = { message: 25, filler: 10 };
const LONG_TEXT = 'x'.repeat(4_000);
const FILLER = JSON.stringify({ filler: 'x'.repeat(60_000) });

const [url = '', seconds = ''] = process.argv.slice(2);
const token = await logIn(url);
const service = await logIn(url, 'service@example.com');
const { id } = await insist(url, token, '/api/v1/support', { description: 'Soak' });
const ticketId = String(id);
const posted: number[] = [];
const stopped = AbortSignal.timeout(Number(seconds) * 1_000);

const reader = await listen(url, token, ticketId);
const posting = post();
const [websocket, polling] = await Promise.all([pausingWebsocket(), pausingPoller()]);
await until(() => reader.received.length >= posted.length, 'the reader to receive everything');
const results: Received[] = [
  { who: 'reader', messages: reader.received.length, cuts: reader.connections, wrong: wrongIn(reader.received) },
  websocket,
  polling,
];
process.send?.(results, () => process.exit());

async function post(): Promise<void> {
  while (!stopped.aborted) {
    const { version } = await insist(url, token, `/api/tickets/${ticketId}/chat`, { message: LONG_TEXT });
    posted.push(Number(version));
    await sleep(PACE.message);
  }
}

function wrongIn(received: readonly { readonly version: number }[]): Received['wrong'] {
  const versions = received.map(({ version }) => version);
  const first = posted.findIndex((version, index) => version !== versions[index]);
  if (first < 0 && versions.length === posted.length) return null;
  const from = Math.max(0, first - 3);
  return { received: versions.slice(from, from + 10), recorded: posted.slice(from, from + 10) };
}

/** Fills the connection of this socket until the server has cut it off. Resolves false when the test ends first. */
async function fillUntilCut(socketId: string | undefined): Promise<boolean> {
  while (!stopped.aborted) {
    const response = await fetch(`${url}/websocket/event/client/${socketId}/filler`, {
      method: 'POST',
      headers: { authorization: `Bearer ${service}`, 'content-type': 'application/json' },
      body: FILLER,
    });
    await response.arrayBuffer();
    if (response.status === 404) return true;
    await sleep(PACE.filler);
  }
  return false;
}

async function pausingWebsocket(): Promise<Received> {
  const received: { version: number }[] = [];
  let cuts = 0;
  const socket = io(url, { auth: { token }, transports: ['websocket'], reconnectionDelay: 50 });
  socket.on('connected', () => socket.emit('join_ticket', { ticketId, after: received.at(-1)?.version ?? 0 }));
  socket.on('new_message', ({ version }: { version: number }) => received.push({ version }));
  while (!stopped.aborted) {
    const goal = posted.length;
    await until(() => received.length >= goal && socket.connected, 'the websocket to catch up');
    const { ws } = socket.io.engine.transport as unknown as { ws: { pause(): void; resume(): void } };
    ws.pause();
    const gone = new Promise<void>((resolve) => socket.once('disconnect', () => resolve()));
    const cut = await fillUntilCut(socket.id);
    ws.resume();
    if (cut) await gone;
    if (cut) cuts += 1;
  }
  await posting;
  await until(() => received.length >= posted.length, 'the websocket to catch up in the end');
  socket.close();
  return { who: 'websocket', messages: received.length, cuts, wrong: wrongIn(received) };
}

async function pausingPoller(): Promise<Received> {
  const received: { version: number }[] = [];
  let cuts = 0;
  async function catchUp(): Promise<Poller> {
    const poller = await startPoller(url, token);
    await poller.emit('join_ticket', { ticketId, after: received.at(-1)?.version ?? 0 });
    const goal = posted.length;
    while (received.length < goal) {
      const events = await poller.poll();
      received.push(...events.filter(({ name }) => name === 'new_message').map(({ payload }) => payload));
    }
    return poller;
  }
  while (!stopped.aborted) {
    const poller = await catchUp();
    if (await fillUntilCut(poller.socketId)) cuts += 1;
  }
  await posting;
  await catchUp();
  return { who: 'polling', messages: received.length, cuts, wrong: wrongIn(received) };
}
