/** Tests which pages may call, and that refused origins are reported once. */
import { describe, expect, it } from 'vitest';
import { createOrigins, onceForEachOrigin } from '../../src/support/origins.ts';

const host = 'desk.example.com';

describe('an origin', () => {
  const origins = createOrigins(['https://app.example.com', 'https://Shop.Example.com:443']);

  it.each([
    ['no page', { host }],
    ['a configured origin', { host, origin: 'https://app.example.com' }],
    ['a configured origin in another spelling', { host, origin: 'https://shop.example.com' }],
    ['the server itself', { host, origin: 'https://desk.example.com' }],
    ['the server itself, with a port', { host: 'localhost:8080', origin: 'http://localhost:8080' }],
    ['the server itself, with the default port', { host: `${host}:443`, origin: `https://${host}` }],
    [
      'a server behind a proxy that tells its host',
      { host: '10.0.0.1', forwardedHost: host, origin: `https://${host}` },
    ],
    [
      'a server behind a proxy that changes the host',
      { host: '10.0.0.1', site: 'same-origin', origin: `https://${host}` },
    ],
  ])('is allowed for %s', (_what, request) => {
    expect(origins.allows(request)).toBe(true);
  });

  it.each([
    ['another site', 'https://evil.example'],
    ['a subdomain', 'https://x.app.example.com'],
    ['a longer name', 'https://app.example.com.evil.example'],
    ['another scheme', 'http://app.example.com'],
    ['another port', 'https://app.example.com:8443'],
    ['the host as a user name', 'https://desk.example.com@evil.example'],
    ['a sandboxed page', 'null'],
    ['a file', 'file://'],
    ['nothing', ''],
    ['no URL', 'https://['],
  ])('is refused for %s', (_what, origin) => {
    expect(origins.allows({ host, origin })).toBe(false);
    expect(origins.allows({ host, origin, site: 'cross-site' })).toBe(false);
  });

  it('is any one with *, which lists none', () => {
    const any = createOrigins(['*', 'https://app.example.com']);
    expect(any.allows({ host, origin: 'https://evil.example' })).toBe(true);
    expect(any.lists('https://evil.example')).toBe(false);
    expect(any.lists('https://app.example.com')).toBe(true);
  });
});

it('a refused origin is reported once, and invented ones fill neither memory nor log', () => {
  const reported: string[] = [];
  const report = onceForEachOrigin((origin) => reported.push(origin));
  report('https://a.example');
  report('https://a.example');
  expect(reported).toEqual(['https://a.example']);
  for (let index = 0; index < 5_000; index += 1) report(`https://${'x'.repeat(5_000)}${index}.example`);
  for (let index = 0; index < 5_000; index += 1) report(`https://${index}.example`);
  expect(reported).toHaveLength(1_000);
  expect(Math.max(...reported.map(({ length }) => length))).toBe(200);
});
