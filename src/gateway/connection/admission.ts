/**
 * Limits the rate of new connections of all users together. After an outage all clients come back at once, and this
 * must not slow down the clients that are connected already. The check is at the first request of a transport, before
 * the request is read. Refused clients are asked to come back, which socket.io-client does by itself.
 *
 * A network (`networkOf`) has a share of the rate. With its share used up it may take more, as long as half of the
 * burst is left for others: one network alone gets the full rate, and cannot keep others out. The same holds for the
 * number of connections that are not authenticated.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Server } from 'socket.io';
import type { Rate } from '../options.ts';
import { createRateLimit } from './rate-limit.ts';
import type { Unauthenticated } from './unauthenticated.ts';

interface AdmissionDeps {
  readonly engine: Server['engine'];
  readonly rate: Rate;
  /** The connections that are not authenticated, and how many there may be. */
  readonly unauthenticated: Pick<Unauthenticated, 'from' | 'size'>;
  readonly most: number;
  networkOf(request: IncomingMessage): string;
  /** Unix time in milliseconds. */
  readonly now: () => number;
  onRefused(): void;
}

/** The part of the whole that a network has for itself. */
const SHARE = 1 / 8;
/** The part of the whole that is kept for the networks that have not used up their share. */
const RESERVE = 1 / 2;

/** Refuses new connections above the rate with 503 and `Retry-After`, from now on. */
export function admitAtRate(deps: AdmissionDeps): void {
  const { engine, rate, unauthenticated, most, now, onRefused } = deps;
  const limit = createRateLimit(rate, now);
  const shares = createRateLimit(
    { burst: Math.max(1, rate.burst * SHARE), perSecond: Math.max(1, rate.perSecond * SHARE) },
    now,
  );

  /** Seconds until the request may be admitted; 0 for now. */
  function waitFor(request: IncomingMessage): number {
    const network = deps.networkOf(request);
    const room = unauthenticated.from(network) < most * SHARE ? most : most * (1 - RESERVE);
    if (unauthenticated.size >= room) return 1;
    const within = shares.take(network) === 0;
    return limit.take('', within ? 0 : rate.burst * RESERVE);
  }

  engine.use((request: IncomingMessage, response: ServerResponse, next: () => void) => {
    const wait = isFirst(request) ? waitFor(request) : 0;
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
