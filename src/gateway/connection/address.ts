/** The address that a client is known by, and the network that shares are counted for. */
import type { IncomingMessage } from 'node:http';
import { isIPv6 } from 'node:net';
import proxyAddr from '@fastify/proxy-addr';

/** Whether a proxy with this address is trusted to report the client's address. */
export type Trusted = (address: string, hop: number) => boolean;

/** Undefined when the connection has ended meanwhile. */
export function addressOf(request: IncomingMessage, trusted: Trusted): string | undefined {
  return proxyAddr(request, trusted);
}

/**
 * The address, of IPv6 its first 64 bits: one customer of a provider has all addresses of such a network. An IPv4
 * address is the same in both of its forms.
 */
export function networkOf(address: string): string {
  const [, mapped] = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address) ?? [];
  if (mapped !== undefined) return mapped;
  const [plain = ''] = address.split('%');
  return isIPv6(plain) ? groupsOf(plain).slice(0, 4).join(':') : address;
}

/** The eight groups of an IPv6 address. */
function groupsOf(address: string): string[] {
  const [head = '', tail] = address.toLowerCase().split('::');
  const before = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? [] : tail.split(':');
  const omitted = tail === undefined ? 0 : Math.max(0, 8 - before.length - after.length);
  return [...before, ...Array<string>(omitted).fill('0'), ...after].map((group) => group.replace(/^0+(?=.)/, ''));
}
