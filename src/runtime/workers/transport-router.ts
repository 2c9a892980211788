/**
 * Brings the requests of a polling client to the worker that has its session. Connections are dealt out without a look
 * at what they carry, so any request may come to any worker, also one after the other over the same connection. A
 * session's id begins with the number of its worker; the worker that gets a request, or an upgrade to websocket, with
 * the id of another passes it on over the loopback interface. Everything else, websockets from the start included,
 * stays where it came: HTTP keep-alive is what it is without workers.
 *
 * Handing the connection itself over would save the way through a second worker, but it cannot be done without losing
 * what a client sends meanwhile: see docs/decisions/0017.
 */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { Agent, createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import type { Peers } from './messages.ts';

export interface SessionRouter {
  newTransportId(worker: number): string;
  /** Looks at the requests of this server first. Resolves with the port where those of other workers are taken. */
  serve(worker: number, httpServer: Server): Promise<number>;
  setPeers(ports: Peers): void;
  close(): void;
}

const SESSION_OF = /[?&]sid=(\d+)\./;
const LOOPBACK = '127.0.0.1';
/** Of one connection only, and so not for the next one. Source: RFC 9110, section 7.6.1. */
const HOP_BY_HOP = new Set(['connection', 'keep-alive', 'transfer-encoding', 'upgrade', 'te', 'trailer']);

export function createSessionRouter(): SessionRouter {
  const agent = new Agent({ keepAlive: true });
  const passedOn = createServer();
  let own = 0;
  let peers: Peers = {};

  /** The port of the worker that a request is for, when that is another one and it is there. */
  function otherWorker({ url = '' }: IncomingMessage): number | undefined {
    const number = Number(SESSION_OF.exec(url)?.[1] ?? own);
    return number === own ? undefined : peers[number];
  }

  function passRequest(port: number, incoming: IncomingMessage, response: ServerResponse): void {
    const { method, url: path, headers } = incoming;
    const outgoing = request({ host: LOOPBACK, port, agent, method, path, headers: endToEnd(headers) }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, endToEnd(answer.headers));
      answer.pipe(response);
      answer.on('error', () => response.destroy());
    });
    // The worker died: to the client that is a lost connection, after which it comes back.
    outgoing.on('error', () => response.destroy());
    incoming.on('error', () => outgoing.destroy());
    response.on('close', () => outgoing.destroy());
    incoming.pipe(outgoing);
  }

  function passUpgrade(port: number, incoming: IncomingMessage, client: Socket, head: Buffer): void {
    const worker = connect({ host: LOOPBACK, port, noDelay: true });
    worker.write(requestText(incoming));
    worker.write(head);
    client.setNoDelay(true);
    client.pipe(worker).pipe(client);
    for (const [one, other] of [
      [client, worker],
      [worker, client],
    ] as const) {
      one.on('error', () => other.destroy());
      one.on('close', () => other.destroy());
    }
  }

  return {
    newTransportId: (worker) => `${worker}.${randomBytes(15).toString('base64url')}`,
    setPeers(ports) {
      peers = ports;
    },

    async serve(worker, server) {
      own = worker;
      const request = interpose<[IncomingMessage, ServerResponse]>(server, 'request', (incoming, response) => {
        const port = otherWorker(incoming);
        if (port !== undefined) passRequest(port, incoming, response);
        return port !== undefined;
      });
      const upgrade = interpose<[IncomingMessage, Socket, Buffer]>(server, 'upgrade', (incoming, socket, head) => {
        const port = otherWorker(incoming);
        if (port !== undefined) passUpgrade(port, incoming, socket, head);
        return port !== undefined;
      });
      // Not looked at again: what was passed on is never passed on a second time.
      passedOn.on('request', request).on('upgrade', upgrade);
      // Exclusive: in a worker, a server is otherwise one that all workers share.
      passedOn.listen({ host: LOOPBACK, port: 0, exclusive: true });
      await once(passedOn, 'listening');
      return (passedOn.address() as AddressInfo).port;
    },

    close() {
      passedOn.close();
      passedOn.closeAllConnections();
      agent.destroy();
    },
  };
}

/** Puts a listener before those of an event, which then hear of what it did not take. Returns what they do together. */
function interpose<Args extends unknown[]>(
  server: Server,
  event: 'request' | 'upgrade',
  takes: (...args: Args) => boolean,
): (...args: Args) => void {
  const listeners = server.listeners(event) as ((...args: Args) => void)[];
  const others = (...args: Args) => {
    for (const listener of listeners) listener.apply(server, args);
  };
  server.removeAllListeners(event);
  server.on(event, (...args: unknown[]) => {
    if (!takes(...(args as Args))) others(...(args as Args));
  });
  return others;
}

function endToEnd(headers: IncomingMessage['headers']): IncomingMessage['headers'] {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !HOP_BY_HOP.has(name)));
}

/** The head of a request as it came. */
function requestText({ method, url, httpVersion, rawHeaders }: IncomingMessage): Buffer {
  let text = `${method} ${url} HTTP/${httpVersion}\r\n`;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    text += `${rawHeaders[index]}: ${rawHeaders[index + 1]}\r\n`;
  }
  return Buffer.from(`${text}\r\n`, 'latin1');
}
