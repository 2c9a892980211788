/**
 * Connections are let in at a bounded rate, whoever they are of: after an outage all clients come back at once, and those
 * that are in are not to feel it. Asked at the first request of a transport session, before anything of the client
 * is looked at; the others are told to come back, which socket.io-client does by itself.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Server } from 'socket.io';
import type { Rate } from '../options.ts';
import { createRateLimit } from './rate-limit.ts';

interface Parts {
  readonly engine: Server['engine'];
  readonly rate: Rate;
  readonly now: () => number;
  onRefused(): void;
}

export function admitAtRate({ engine, rate, now, onRefused }: Parts): void {
  const limit = createRateLimit(rate, now);
  engine.use((request: IncomingMessage, response: ServerResponse, next: () => void) => {
    const wait = isFirst(request) ? limit.take('') : 0;
    if (wait === 0) return next();
    onRefused();
    const retryAfter = Math.ceil(wait);
    if (request.headers.upgrade === undefined) refuse(response, retryAfter);
    // Engine.IO has no response for an upgrade, only something that looks like one.
    else refuseUpgrade(request.socket, retryAfter);
  });
}

/** Those that follow, and the upgrade of a polling session, say which session they are of. */
function isFirst({ url = '' }: IncomingMessage): boolean {
  return !/[?&]sid=[^&]/.test(url);
}

function refuse(response: ServerResponse, retryAfter: number): void {
  const body = JSON.stringify({ code: 'unavailable', message: 'Too many connections at once', retryAfter });
  response
    .writeHead(503, { 'content-type': 'application/json', 'retry-after': String(retryAfter), connection: 'close' })
    .end(body);
}

function refuseUpgrade(socket: Duplex, retryAfter: number): void {
  socket.on('error', () => undefined); // Whoever is gone already need not be told.
  socket.end(
    `HTTP/1.1 503 Service Unavailable\r\nRetry-After: ${retryAfter}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`,
    () => socket.destroy(),
  );
}
