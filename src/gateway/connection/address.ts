/** The network address of a client, behind trusted proxies. */
import type { IncomingMessage } from 'node:http';
import proxyAddr from '@fastify/proxy-addr';

/** Whether a proxy with this address is trusted to report the client's address. */
export type Trusted = (address: string, hop: number) => boolean;

/** Undefined when the connection has ended meanwhile. */
export function addressOf(request: IncomingMessage, trusted: Trusted): string | undefined {
  return proxyAddr(request, trusted);
}
