/**
 * Limits the rate of new connections of all users together. After an outage all clients come back at once, and this
 * must not slow down the clients that are connected already. The check is at the first request of a transport, before
 * the request is read. Refused clients are asked to come back, which socket.io-client does by itself.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Server } from 'socket.io';
import type { Rate } from '../options.ts';
import { createRateLimit } from './rate-limit.ts';

interface AdmissionDeps {
  readonly engine: Server['engine'];
  readonly rate: Rate;
  /** Unix time in milliseconds. */
  readonly now: () => number;
  onRefused(): void;
}

/** Refuses new connections above the rate with 503 and `Retry-After`, from now on. */
export function admitAtRate({ engine, rate, now, onRefused }: AdmissionDeps): void {
  const limit = createRateLimit(rate, now);
  engine.use((request: IncomingMessage, response: ServerResponse, next: () => void) => {
    const wait = isFirst(request) ? limit.take('') : 0;
    if (wait === 0) return next();
    onRefused();
    const retryAfter = Math.ceil(wait);
    if (request.headers.upgrade === undefined) refuse(response, retryAfter);
    // For an upgrade, Engine.IO passes an object that is no full response.
    else refuseUpgrade(request.socket, retryAfter);
  });
}

/** Later requests, and the upgrade of a polling transport, carry the transport id. */
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
  socket.on('error', () => undefined); // A client that is gone needs no answer.
  socket.end(
    `HTTP/1.1 503 Service Unavailable\r\nRetry-After: ${retryAfter}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`,
    () => socket.destroy(),
  );
}
