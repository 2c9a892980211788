/** Test the shares of networks in new connections, and in those that are not authenticated. Decision 0052. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { compile } from '@fastify/proxy-addr';
import { describe, expect, it } from 'vitest';
import { addressOf } from '../../../src/gateway/connection/address.ts';
import { admitAtRate } from '../../../src/gateway/connection/admission.ts';
import { networkOf } from '../../../src/support/address.ts';

const RATE = { burst: 80, perSecond: 40 };

type Handler = (request: IncomingMessage, response: ServerResponse, next: () => void) => void;

interface From {
  readonly address: string;
  readonly forwardedFor?: string;
  readonly url?: string;
}

function admission({ trustProxy = [] as string[], held = {} as Record<string, number> } = {}) {
  const trusted = compile(trustProxy);
  let time = 0;
  let handler: Handler | undefined;
  let refused = 0;
  const engine = {
    use(one: Handler) {
      handler = one;
    },
  };
  admitAtRate({
    engine: engine as unknown as Parameters<typeof admitAtRate>[0]['engine'],
    rate: RATE,
    unauthenticated: {
      from: (network) => held[network] ?? 0,
      get size() {
        return Object.values(held).reduce((sum, one) => sum + one, 0);
      },
    },
    most: 80,
    networkOf: (request) => networkOf(addressOf(request, trusted) ?? ''),
    now: () => time,
    onRefused: () => {
      refused += 1;
    },
  });
  function admitted({ address, forwardedFor, url = '/socket.io/?EIO=4&transport=polling' }: From): boolean {
    let passed = false;
    const headers = forwardedFor === undefined ? {} : { 'x-forwarded-for': forwardedFor };
    const request = { url, headers, socket: { remoteAddress: address }, connection: { remoteAddress: address } };
    const response = { writeHead: () => response, end: () => response };
    handler?.(request as unknown as IncomingMessage, response as unknown as ServerResponse, () => {
      passed = true;
    });
    return passed;
  }
  return {
    admitted,
    get refused() {
      return refused;
    },
    /** How many of so many attempts are admitted. */
    count: (attempts: number, from: From | ((at: number) => From)) =>
      Array.from({ length: attempts }, (_, at) => admitted(typeof from === 'function' ? from(at) : from)).filter(
        Boolean,
      ).length,
    wait: (milliseconds: number) => {
      time += milliseconds;
    },
  };
}

describe('a network that takes all that it can', () => {
  it('leaves half of the burst to others, of which each has its share', () => {
    const { count, admitted } = admission();
    expect(count(1_000, { address: '10.0.0.1' })).toBe(40);
    for (let other = 2; other < 6; other += 1) expect(count(10, { address: `10.0.0.${other}` })).toBe(10);
    expect(admitted({ address: '10.0.0.9' })).toBe(false);
  });

  it('leaves the reserve to others for as long as it goes on', () => {
    const { count, admitted, wait } = admission();
    for (let second = 0; second < 60; second += 1) {
      count(500, { address: '10.0.0.1' });
      expect(admitted({ address: '10.0.0.2' })).toBe(true);
      wait(1_000);
    }
  });

  it('gets the whole rate when it is alone', () => {
    const { count, wait } = admission();
    count(1_000, { address: '10.0.0.1' });
    wait(1_000);
    expect(count(1_000, { address: '10.0.0.1' })).toBeGreaterThanOrEqual(40);
  });
});

describe('one network', () => {
  const alike: [string, (at: number) => From, string[]?][] = [
    ['an IPv4 address', () => ({ address: '10.0.0.1' })],
    ['an IPv4 address within IPv6', (at) => ({ address: at % 2 ? '10.0.0.1' : '::ffff:10.0.0.1' })],
    ['a /64 of IPv6', (at) => ({ address: `2001:db8:1:2:${at.toString(16)}::1` })],
    [
      'a /64 of IPv6 behind a proxy',
      (at) => ({ address: '10.0.0.1', forwardedFor: `2001:db8:1:2::${at}` }),
      ['10.0.0.1'],
    ],
    [
      'a client that adds addresses of its own to those of the proxy',
      (at) => ({ address: '10.0.0.1', forwardedFor: `10.9.${at}.1, 10.8.0.1` }),
      ['10.0.0.1'],
    ],
    ['a proxy that is not trusted', (at) => ({ address: '10.0.0.1', forwardedFor: `10.9.0.${at}` })],
  ];
  it.each(alike)('is %s', (_what, from, trustProxy = []) => {
    expect(admission({ trustProxy }).count(200, from)).toBe(40);
  });

  const different: [string, (at: number) => From, string[]?][] = [
    ['two IPv4 addresses', (at) => ({ address: `10.0.0.${at % 2}` })],
    ['two /64 of IPv6', (at) => ({ address: `2001:db8:1:${at % 2}::1` })],
    [
      'two clients of a trusted proxy',
      (at) => ({ address: '10.0.0.1', forwardedFor: `10.9.0.${at % 2}` }),
      ['10.0.0.1'],
    ],
  ];
  it.each(different)('is not %s', (_what, from, trustProxy = []) => {
    const { count } = admission({ trustProxy });
    expect(count(200, () => from(0))).toBe(40);
    expect(count(200, () => from(1))).toBe(10);
  });
});

it('connections that are not authenticated have shares, too', () => {
  const half = admission({ held: { '10.0.0.1': 40 } });
  expect(half.admitted({ address: '10.0.0.1' })).toBe(false);
  expect(half.admitted({ address: '10.0.0.2' })).toBe(true);
  const full = admission({ held: { '10.0.0.1': 40, '10.0.0.2': 40 } });
  expect(full.admitted({ address: '10.0.0.3' })).toBe(false);
  expect(full.refused).toBe(1);
});

it('later requests of a connection are not counted', () => {
  const { count } = admission();
  count(1_000, { address: '10.0.0.1' });
  expect(count(100, { address: '10.0.0.1', url: '/socket.io/?EIO=4&transport=polling&sid=abc' })).toBe(100);
});
