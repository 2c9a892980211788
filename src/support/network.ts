/** The network that one client can be assumed to own: an IPv4 address, or the /64 of an IPv6 address. */
import { isIPv6 } from 'node:net';

/** An IPv4 address that is written as IPv6 (`::ffff:203.0.113.7`) is the IPv4 address. */
export function networkOf(address: string): string {
  const plain = address.replace(/%.*$/, '');
  if (!isIPv6(plain)) return address;
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(plain)?.[1];
  if (mapped !== undefined) return mapped;
  const [head = '', tail] = plain.split('::');
  const groups = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? 0 : tail.split(':').length;
  if (tail !== undefined) while (groups.length < 8 - after && groups.length < 4) groups.push('0');
  const rest = tail === undefined ? [] : tail.split(':');
  const first = [...groups, ...rest].slice(0, 4);
  return `${first.map((group) => Number.parseInt(group, 16).toString(16)).join(':')}::/64`;
}
