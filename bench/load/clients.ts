/**
 * Clients with sockets: each joins a ticket and receives its messages. This process also posts messages, at a steady
 * rate whether or not the server keeps up. A mark in its text identifies each message on arrival.
 */
import { Agent, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { io, type Socket } from 'socket.io-client';
import type { Audience, Desk } from '../support/sides.ts';
import { serveCalls } from '../support/worker.ts';

export interface Deliveries {
  /** Milliseconds from the start of the POST to the event at the client. */
  readonly p50: number;
  readonly p99: number;
  readonly arrived: number;
}

const TEXT = 'The pallet is still at the gate, could somebody let the driver know when it can be picked up?';
/** Milliseconds within which the last messages of a turn must arrive. */
const ARRIVAL_TIMEOUT = 30_000;
const sockets: Socket[] = [];
const sentAt = new Map<string, number>();
let audience: Audience;
let latencies: number[] = [];

function onMessage({ message }: { message: { message: string } }): void {
  const now = performance.now();
  const mark = message.message.slice(0, message.message.indexOf(' '));
  const sent = sentAt.get(mark);
  if (sent === undefined) return;
  sentAt.delete(mark);
  latencies.push(now - sent);
}

async function join(url: string, { ticketId, agentToken }: Desk): Promise<void> {
  const socket = io(url, { transports: ['websocket'], forceNew: true, auth: { token: agentToken } });
  sockets.push(socket);
  socket.on('new_message', onMessage);
  const { success } = await socket.timeout(10_000).emitWithAck('join_ticket', { ticketId });
  if (!success) throw new Error(`ticket ${ticketId} could not be joined`);
}

function post(agent: Agent, { ticketId, driverToken }: Desk, mark: string): void {
  const body = JSON.stringify({ message: `${mark} ${TEXT}` });
  const posting = request(`${audience.url}/api/tickets/${ticketId}/chat`, {
    method: 'POST',
    agent,
    headers: {
      authorization: `Bearer ${driverToken}`,
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
    },
  });
  posting.on('response', (response) => response.resume());
  posting.on('error', (error) => process.stderr.write(`${error.message}\n`));
  sentAt.set(mark, performance.now());
  posting.end(body);
}

serveCalls(
  {
    async join(given: Audience) {
      audience = given;
      await Promise.all(audience.desks.map((desk) => join(audience.url, desk)));
    },

    async deliver({ perSecond, seconds }: { perSecond: number; seconds: number }): Promise<Deliveries> {
      const total = perSecond * seconds;
      // A new agent for each turn, because the servers close connections that were idle during the other side's turn.
      const agent = new Agent({ keepAlive: true, maxSockets: 64 });
      latencies = [];
      const started = performance.now();
      for (let sent = 0; sent < total; await sleep(1)) {
        const due = Math.min(total, Math.ceil(((performance.now() - started) / 1_000) * perSecond));
        for (; sent < due; sent++) {
          const desk = audience.desks[sent % audience.desks.length];
          if (desk !== undefined) post(agent, desk, `${started}/${sent}`);
        }
      }
      for (let waited = 0; sentAt.size > 0 && waited < ARRIVAL_TIMEOUT; waited += 10) await sleep(10);
      sentAt.clear();
      agent.destroy();
      const sorted = latencies.toSorted((a, b) => a - b);
      const at = (share: number) => sorted[Math.floor(sorted.length * share)] ?? Number.NaN;
      return { p50: at(0.5), p99: at(0.99), arrived: sorted.length };
    },
  },
  () => {
    for (const socket of sockets) socket.disconnect();
  },
);
