/**
 * Posts messages over REST on 64 keep-alive connections. Each connection sends its next message when the last one was
 * answered.
 *
 * Requests are prepared beforehand and written to plain sockets, because the load shares the cores with the servers,
 * and the usual load generators cost as much per request as a server does. Of an answer only status and content length
 * are read.
 */
import { connect, type Socket } from 'node:net';
import type { Audience } from '../support/sides.ts';
import { serveCalls } from '../support/worker.ts';

export interface Posted {
  readonly messages: number;
  readonly seconds: number;
  /** Milliseconds to the answer. */
  readonly p50: number;
  readonly p99: number;
}

const CONNECTIONS = 64;
const TEXT = 'The pallet is still at the gate, could somebody let the driver know when it can be picked up?';
const END_OF_HEAD = '\r\n\r\n';

let address: { readonly host: string; readonly port: number };
let requests: readonly Buffer[] = [];

function requestOf(path: string, token: string): Buffer {
  const body = JSON.stringify({ message: TEXT });
  const head = [
    `POST ${path} HTTP/1.1`,
    `Host: ${address.host}:${address.port}`,
    `Authorization: Bearer ${token}`,
    'Content-Type: application/json',
    `Content-Length: ${Buffer.byteLength(body)}`,
  ];
  return Buffer.from(head.join('\r\n') + END_OF_HEAD + body);
}

/** Sends requests on one connection, beginning with the one at `start`, until `next` returns false. */
function postRepeatedly(start: number, next: () => boolean, answered: (ms: number) => void): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const socket: Socket = connect({ ...address, noDelay: true });
  let turn = start;
  let sentAt = 0;
  let answer = '';

  function send(): void {
    const request = requests[turn++ % requests.length];
    if (request === undefined || !next()) {
      socket.end();
      resolve();
      return;
    }
    sentAt = performance.now();
    socket.write(request);
  }

  socket.setEncoding('latin1');
  socket.on('data', (text) => {
    answer += text;
    const head = answer.indexOf(END_OF_HEAD);
    const length = /content-length: (\d+)/i.exec(answer)?.[1];
    if (head < 0 || answer.length < head + END_OF_HEAD.length + Number(length)) return;
    if (!answer.startsWith('HTTP/1.1 201')) {
      reject(new Error(answer));
      return;
    }
    answer = '';
    answered(performance.now() - sentAt);
    send();
  });
  socket.on('error', reject);
  socket.on('close', () => reject(new Error('the server closed a connection')));
  socket.on('connect', send);
  return promise;
}

serveCalls({
  prepare({ url, desks }: Audience) {
    const { hostname, port } = new URL(url);
    address = { host: hostname, port: Number(port) };
    requests = desks.flatMap(({ ticketId, driverToken, agentToken }) =>
      [driverToken, agentToken].map((token) => requestOf(`/api/tickets/${ticketId}/chat`, token)),
    );
  },

  async post(messages: number): Promise<Posted> {
    let left = messages;
    const next = () => left-- > 0;
    const latencies: number[] = [];
    const started = performance.now();
    const connections = Array.from({ length: CONNECTIONS }, (_, n) =>
      postRepeatedly(Math.floor((n * requests.length) / CONNECTIONS), next, (ms) => latencies.push(ms)),
    );
    await Promise.all(connections);
    const seconds = (performance.now() - started) / 1_000;
    latencies.sort((a, b) => a - b);
    const at = (share: number) => latencies[Math.floor(latencies.length * share)] ?? Number.NaN;
    return { messages: latencies.length, seconds, p50: at(0.5), p99: at(0.99) };
  },
});
