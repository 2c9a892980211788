/** Opens tickets one after the other, as a page that shows a ticket does. */
import { io, type Socket } from 'socket.io-client';
import { serveCalls } from '../support/worker.ts';

export interface Opener {
  readonly url: string;
  readonly token: string;
}

/** Medians, in milliseconds. */
export interface Opened {
  readonly rest: number;
  readonly warm: number;
  readonly cold: number;
}

const TIMES = 40;
const ANSWER_TIMEOUT = 30_000;

let opener: Opener;
let one: Socket;
let other: Socket;

async function ask(method: string, path: string, body?: object): Promise<void> {
  const response = await fetch(opener.url + path, {
    method,
    headers: { authorization: `Bearer ${opener.token}`, ...(body && { 'content-type': 'application/json' }) },
    ...(body && { body: JSON.stringify(body) }),
  });
  const answer = await response.text();
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${answer}`);
}

async function load(ticketId: string): Promise<void> {
  await ask('GET', `/api/v1/tickets/${ticketId}`);
  await ask('GET', `/api/tickets/${ticketId}/chat?limit=50`);
}

/** Resolves when the latest messages have arrived. */
async function join(socket: Socket, ticketId: string): Promise<void> {
  const messages = new Promise((resolve) => socket.once('messages_history', resolve));
  await request(socket, 'join_ticket', ticketId);
  await messages;
}

async function request(socket: Socket, event: string, ticketId: string): Promise<void> {
  const answer = await socket.timeout(ANSWER_TIMEOUT).emitWithAck(event, { ticketId });
  if (!answer.success) throw new Error(`${event} ${ticketId}: ${JSON.stringify(answer)}`);
}

async function timed(work: () => Promise<void>): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}

function median(times: readonly number[]): number {
  return times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)] ?? Number.NaN;
}

serveCalls(
  {
    async connect(given: Opener) {
      opener = given;
      const connected = () =>
        io(opener.url, { transports: ['websocket'], forceNew: true, auth: { token: opener.token } });
      [one, other] = [connected(), connected()];
      await Promise.all([one, other].map((socket) => new Promise((resolve) => socket.once('connected', resolve))));
    },

    post: (ticketId: string) => ask('POST', `/api/tickets/${ticketId}/chat`, { message: 'Here it is' }),

    async open(tickets: readonly string[]): Promise<Opened> {
      const times = { rest: [] as number[], warm: [] as number[], cold: [] as number[] };
      for (const ticketId of tickets) times.cold.push(await timed(() => join(one, ticketId)));
      for (let time = 0; time < TIMES; time += 1) {
        for (const ticketId of tickets) {
          times.warm.push(await timed(() => join(other, ticketId)));
          await request(other, 'leave_ticket', ticketId);
          times.rest.push(await timed(() => load(ticketId)));
        }
      }
      for (const ticketId of tickets) await request(one, 'leave_ticket', ticketId);
      return { rest: median(times.rest), warm: median(times.warm), cold: median(times.cold) };
    },
  },
  () => {
    for (const socket of [one, other]) socket?.disconnect();
  },
);
