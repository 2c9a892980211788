/**
 * Bounds the connections without a sign-in, for each network and for all. When there are too many, the oldest one is
 * closed, so that a network with many open connections still gets new ones. The bounds do not count a connection after
 * its first authenticated request: the bounds on users hold for it.
 */
import type { Socket } from 'node:net';
import proxyAddr from '@fastify/proxy-addr';
import { networkOf } from '../../support/address.ts';
import { createPool, type PoolLimits } from '../../support/pool.ts';
import type { App } from '../app.ts';

/** Far above real use: pages of many people behind one address, each with a few connections. */
export const CONNECTION_LIMITS: PoolLimits = { perOwner: 2_000, total: 10_000 };

export interface ConnectionBounds {
  /** Takes the connection out of the bounds, because its client has signed in. */
  recognize(connection: Socket): void;
}

declare module 'fastify' {
  interface FastifyInstance {
    /** Sockets sign in outside of the routes, on connections of this server. */
    connectionBounds: ConnectionBounds;
  }
}

/** `trustProxy`: proxies, whose connections carry the requests of many clients and are not bounded. */
export function boundConnections(app: App, limits: PoolLimits, trustProxy: readonly string[]): ConnectionBounds {
  const trusted = proxyAddr.compile([...trustProxy]);
  const unknown = createPool<Socket>(limits, (connection) => connection.destroy());
  app.server.on('connection', (connection: Socket) => {
    const { remoteAddress } = connection;
    // Without an address, the client has left already.
    if (remoteAddress === undefined || trusted(remoteAddress, 0)) return;
    connection.once('close', () => unknown.remove(connection));
    unknown.add(networkOf(remoteAddress), connection);
  });
  const bounds: ConnectionBounds = { recognize: unknown.remove };
  app.decorate('connectionBounds', bounds);
  return bounds;
}
