/**
 * Connections without an authenticated namespace. Such a connection costs little and does not last: its frames are
 * small, it has a number of attempts, and it is closed after a while. This holds for a new connection, and again for
 * one whose last namespace has ended. A connection with an authenticated namespace may send frames of the full size,
 * and the TCP connections under it are those of somebody who has signed in.
 */
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Server } from 'socket.io';
import { type Connection, limitFrames, tcpSocketOf, transportIdOf } from './transports.ts';

export interface Unauthenticated {
  /** Call it for each attempt to connect a namespace. Closes an unauthenticated connection after too many attempts. */
  attempted(connection: Connection): void;
  /** Call it when a namespace of the connection is authenticated. */
  opened(connection: Connection): void;
  /** Call it when such a namespace has ended. */
  ended(connection: Connection): void;
  /** The number of these connections from one network. */
  from(network: string): number;
  readonly size: number;
  close(): void;
}

export interface UnauthenticatedLimits {
  /** Milliseconds until the connection is closed. */
  readonly time: number;
  /** Attempts to connect a namespace since the last one that succeeded. */
  readonly attempts: number;
  /** Bytes in a frame. */
  readonly frameBytes: number;
}

interface UnauthenticatedDeps {
  readonly engine: Server['engine'];
  readonly limits: UnauthenticatedLimits;
  /** Bytes in a frame of a connection with an authenticated namespace. */
  readonly fullFrameBytes: number;
  networkOf(connection: Connection): string;
  /** Called for each TCP connection that carries requests of a connection with an authenticated namespace. */
  onTrusted(socket: Socket): void;
}

interface Standing {
  readonly network: string;
  /** The number of authenticated namespaces. */
  namespaces: number;
  attempts: number;
  timer: NodeJS.Timeout | undefined;
}

export function watchUnauthenticated(deps: UnauthenticatedDeps): Unauthenticated {
  const { engine, limits } = deps;
  const standings = new Map<Connection, Standing>();
  const networks = new Map<string, number>();
  /** By transport id. */
  const trusted = new Set<string>();
  let size = 0;

  function count({ network }: Standing, change: 1 | -1): void {
    size += change;
    const left = (networks.get(network) ?? 0) + change;
    if (left === 0) networks.delete(network);
    else networks.set(network, left);
  }

  function suspect(connection: Connection, standing: Standing): void {
    count(standing, 1);
    standing.timer = setTimeout(() => connection.close(), limits.time).unref();
    limitFrames(connection, limits.frameBytes);
    trusted.delete(transportIdOf(connection));
  }

  function trust(connection: Connection, standing: Standing): void {
    if (standing.timer !== undefined) count(standing, -1);
    clearTimeout(standing.timer);
    standing.timer = undefined;
    limitFrames(connection, deps.fullFrameBytes);
    trusted.add(transportIdOf(connection));
    deps.onTrusted(tcpSocketOf(connection));
  }

  function watch(connection: Connection): void {
    const standing: Standing = { network: deps.networkOf(connection), namespaces: 0, attempts: 0, timer: undefined };
    standings.set(connection, standing);
    suspect(connection, standing);
    connection.on('upgrade', () => {
      if (standing.namespaces === 0) return;
      limitFrames(connection, deps.fullFrameBytes);
      deps.onTrusted(tcpSocketOf(connection));
    });
    connection.once('close', () => {
      if (standing.timer !== undefined) count(standing, -1);
      clearTimeout(standing.timer);
      standings.delete(connection);
      trusted.delete(transportIdOf(connection));
    });
  }

  // Each poll may come over another TCP connection.
  engine.use(({ url = '', socket }: IncomingMessage, _response: unknown, next: () => void) => {
    if (trusted.has(transportIdIn(url))) deps.onTrusted(socket);
    next();
  });
  engine.on('connection', watch);
  return {
    attempted(connection) {
      const standing = standings.get(connection);
      if (standing === undefined) return;
      standing.attempts += 1;
      // Attempts beside an authenticated namespace must not end it.
      if (standing.namespaces === 0 && standing.attempts > limits.attempts) connection.close();
    },
    opened(connection) {
      const standing = standings.get(connection);
      if (standing === undefined) return;
      standing.namespaces += 1;
      standing.attempts = 0;
      if (standing.namespaces === 1) trust(connection, standing);
    },
    ended(connection) {
      const standing = standings.get(connection);
      if (standing === undefined) return;
      standing.namespaces -= 1;
      if (standing.namespaces === 0) suspect(connection, standing);
    },
    from: (network) => networks.get(network) ?? 0,
    get size() {
      return size;
    },
    close: () => void engine.off('connection', watch),
  };
}

function transportIdIn(url: string): string {
  return new URLSearchParams(url.split('?', 2)[1]).get('sid') ?? '';
}
