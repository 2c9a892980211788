/**
 * The bounds of connections: bytes that wait for a client, connections without an authenticated socket, and the rate of
 * new connections. The network of a client is found behind the trusted proxies.
 */
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { compile } from '@fastify/proxy-addr';
import type { Server } from 'socket.io';
import { networkOf } from '../../support/address.ts';
import type { Metrics } from '../../telemetry/metrics.ts';
import type { GatewayOptions } from '../options.ts';
import { addressOf, type Trusted } from './address.ts';
import { admitAtRate } from './admission.ts';
import { createOutbound, type Outbound, type OutboundDeps } from './outbound.ts';
import { type Unauthenticated, watchUnauthenticated } from './unauthenticated.ts';

interface ConnectionBoundsDeps {
  readonly engine: Server['engine'];
  readonly options: GatewayOptions;
  readonly metrics: Pick<Metrics, 'refused'>;
  /** Unix time in milliseconds. */
  readonly now: () => number;
  readonly onSlow: OutboundDeps['onSlow'];
  /** Called with a connection when a socket on it is authenticated. */
  readonly onSignedIn: (connection: Socket) => void;
}

export interface ConnectionBounds {
  readonly outbound: Outbound;
  readonly unauthenticated: Unauthenticated;
  readonly trusted: Trusted;
  close(): void;
}

export function createConnectionBounds(deps: ConnectionBoundsDeps): ConnectionBounds {
  const { engine, options, metrics, now, onSlow, onSignedIn } = deps;
  const outbound = createOutbound({ engine, limit: options.outboundLimit, onSlow });
  const trusted = compile([...options.trustProxy]);
  const networkFrom = (request: IncomingMessage) => networkOf(addressOf(request, trusted) ?? '');
  const unauthenticated = watchUnauthenticated({
    engine,
    limits: options.unauthenticated,
    fullFrameBytes: options.maxFrameBytes,
    networkOf: ({ request }) => networkFrom(request),
    onTrusted: onSignedIn,
  });
  if (options.admission !== 'off') {
    admitAtRate({
      engine,
      rate: options.admission,
      unauthenticated,
      most: options.unauthenticated.most,
      networkOf: networkFrom,
      now,
      onRefused: () => metrics.refused('connections'),
    });
  }
  return {
    outbound,
    unauthenticated,
    trusted,
    close() {
      outbound.close();
      unauthenticated.close();
    },
  };
}
