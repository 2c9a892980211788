/**
 * The clients of the soak, in a process of their own. Somebody posts at a steady rate; one who reads hears all of it, live;
 * one with a websocket and one who polls stop reading until they are cut off, then catch up by their cursor, and begin anew.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { io } from 'socket.io-client';
import { insist, listen, logIn } from '../integration/cluster/people.ts';
import { type Poller, startPoller } from '../support/poller.ts';
import { until } from '../support/until.ts';

export interface Heard {
  readonly who: 'reader' | 'websocket' | 'polling';
  readonly messages: number;
  /** Times that it was cut off. */
  readonly cuts: number;
  /** Null when it heard exactly what was recorded, in order; else the versions where that is not so. */
  readonly wrong: { readonly heard: readonly number[]; readonly recorded: readonly number[] } | null;
}

/** Milliseconds between two messages, and between two of the loads that fill a connection which nobody reads. */
const PACE = { message: 25, burden: 10 };
const LONG_TEXT = 'x'.repeat(4_000);
const BURDEN = JSON.stringify({ filler: 'x'.repeat(60_000) });

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
await until(() => reader.received.length >= posted.length, 'the reader to hear everything');
const results: Heard[] = [
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

function wrongIn(heard: readonly { readonly version: number }[]): Heard['wrong'] {
  const versions = heard.map(({ version }) => version);
  const first = posted.findIndex((version, index) => version !== versions[index]);
  if (first < 0 && versions.length === posted.length) return null;
  const from = Math.max(0, first - 3);
  return { heard: versions.slice(from, from + 10), recorded: posted.slice(from, from + 10) };
}

/** Loads the connection of this socket until the server has none. */
async function loadUntilCut(socketId: string | undefined): Promise<boolean> {
  while (!stopped.aborted) {
    const response = await fetch(`${url}/websocket/event/client/${socketId}/burden`, {
      method: 'POST',
      headers: { authorization: `Bearer ${service}`, 'content-type': 'application/json' },
      body: BURDEN,
    });
    await response.arrayBuffer();
    if (response.status === 404) return true;
    await sleep(PACE.burden);
  }
  return false;
}

async function pausingWebsocket(): Promise<Heard> {
  const heard: { version: number }[] = [];
  let cuts = 0;
  const socket = io(url, { auth: { token }, transports: ['websocket'], reconnectionDelay: 50 });
  socket.on('connected', () => socket.emit('join_ticket', { ticketId, after: heard.at(-1)?.version ?? 0 }));
  socket.on('new_message', ({ version }: { version: number }) => heard.push({ version }));
  while (!stopped.aborted) {
    const goal = posted.length;
    await until(() => heard.length >= goal && socket.connected, 'the websocket to catch up');
    const { ws } = socket.io.engine.transport as unknown as { ws: { pause(): void; resume(): void } };
    ws.pause();
    const gone = new Promise<void>((resolve) => socket.once('disconnect', () => resolve()));
    const cut = await loadUntilCut(socket.id);
    ws.resume();
    if (cut) await gone;
    if (cut) cuts += 1;
  }
  await posting;
  await until(() => heard.length >= posted.length, 'the websocket to catch up in the end');
  socket.close();
  return { who: 'websocket', messages: heard.length, cuts, wrong: wrongIn(heard) };
}

async function pausingPoller(): Promise<Heard> {
  const heard: { version: number }[] = [];
  let cuts = 0;
  async function catchUp(): Promise<Poller> {
    const poller = await startPoller(url, token);
    await poller.emit('join_ticket', { ticketId, after: heard.at(-1)?.version ?? 0 });
    const goal = posted.length;
    while (heard.length < goal) {
      const events = await poller.poll();
      heard.push(...events.filter(({ name }) => name === 'new_message').map(({ payload }) => payload));
    }
    return poller;
  }
  while (!stopped.aborted) {
    const poller = await catchUp();
    if (await loadUntilCut(poller.socketId)) cuts += 1;
  }
  await posting;
  await catchUp();
  return { who: 'polling', messages: heard.length, cuts, wrong: wrongIn(heard) };
}
