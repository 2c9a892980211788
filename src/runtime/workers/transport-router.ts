/**
 * Routes the requests of a long-polling client to the worker that has its transport. The primary distributes
 * connections without reading them, so that each request may reach any worker. A transport id begins with the number of
 * its worker. A worker that receives a request, or an upgrade to websocket, for another worker's transport forwards it
 * over the loopback interface. All other requests stay where they arrived.
 *
 * Handing over the connection itself would avoid the second worker, but would lose data that the client sends
 * meanwhile: see docs/decisions/0017.
 */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { Agent, createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import type { Peers } from './messages.ts';

export interface TransportRouter {
  newTransportId(worker: number): string;
  /** Intercepts this server's requests. Resolves with the port on which requests from other workers are accepted. */
  serve(worker: number, httpServer: Server): Promise<number>;
  setPeers(ports: Peers): void;
  close(): void;
}

const WORKER_OF = /[?&]sid=(\d+)\./;
const LOOPBACK = '127.0.0.1';
/** Headers that are not forwarded. Source: RFC 9110, section 7.6.1. */
const HOP_BY_HOP = new Set(['connection', 'keep-alive', 'transfer-encoding', 'upgrade', 'te', 'trailer']);

export function createTransportRouter(): TransportRouter {
  const agent = new Agent({ keepAlive: true });
  const forwarded = createServer();
  let own = 0;
  let peers: Peers = {};

  /** The port of the worker that has the request's transport; undefined for this worker, or one that is gone. */
  function otherWorker({ url = '' }: IncomingMessage): number | undefined {
    const number = Number(WORKER_OF.exec(url)?.[1] ?? own);
    return number === own ? undefined : peers[number];
  }

  function forwardRequest(port: number, incoming: IncomingMessage, response: ServerResponse): void {
    const { method, url: path, headers } = incoming;
    const outgoing = request({ host: LOOPBACK, port, agent, method, path, headers: endToEnd(headers) }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, endToEnd(answer.headers));
      answer.pipe(response);
      answer.on('error', () => response.destroy());
    });
    // The worker died. The client sees a lost connection, and reconnects.
    outgoing.on('error', () => response.destroy());
    incoming.on('error', () => outgoing.destroy());
    response.on('close', () => outgoing.destroy());
    incoming.pipe(outgoing);
  }

  function forwardUpgrade(port: number, incoming: IncomingMessage, client: Socket, head: Buffer): void {
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
        if (port !== undefined) forwardRequest(port, incoming, response);
        return port !== undefined;
      });
      const upgrade = interpose<[IncomingMessage, Socket, Buffer]>(server, 'upgrade', (incoming, socket, head) => {
        const port = otherWorker(incoming);
        if (port !== undefined) forwardUpgrade(port, incoming, socket, head);
        return port !== undefined;
      });
      // These skip the interception: a forwarded request is never forwarded again.
      forwarded.on('request', request).on('upgrade', upgrade);
      // Otherwise all workers would share this port.
      forwarded.listen({ host: LOOPBACK, port: 0, exclusive: true });
      await once(forwarded, 'listening');
      return (forwarded.address() as AddressInfo).port;
    },

    close() {
      forwarded.close();
      forwarded.closeAllConnections();
      agent.destroy();
    },
  };
}

/**
 * Calls `takes` before the listeners of an event, and calls them only when it returns false. Returns a function that
 * calls only the listeners.
 */
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

/** The head of a request as it arrived. */
function requestText({ method, url, httpVersion, rawHeaders }: IncomingMessage): Buffer {
  let text = `${method} ${url} HTTP/${httpVersion}\r\n`;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    text += `${rawHeaders[index]}: ${rawHeaders[index + 1]}\r\n`;
  }
  return Buffer.from(`${text}\r\n`, 'latin1');
}
