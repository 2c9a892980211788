/**
 * Sessions of pages that this server serves: the refresh token is in a cookie that scripts cannot read, and never in a
 * body. A page asks for that with the header `Deskwire-Session: cookie`. Decision 0065.
 *
 * Three checks refuse a forged request of another site: it has no cookie (SameSite=Strict), it cannot set the header
 * without a preflight that allows it, and its `Sec-Fetch-Site` or `Origin` is another origin.
 */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { DeskwireError } from '../domain/errors.ts';

const HEADER = 'deskwire-session';
const NAME = 'deskwire_session';
const PATH = '/api/v1/auth';

/**
 * Whether the session is kept in a cookie. Throws `invalid_payload` for another value, `forbidden` for other origins.
 */
export function usesSessionCookie({ headers, host }: FastifyRequest): boolean {
  const wanted = headers[HEADER];
  if (wanted === undefined) return false;
  if (wanted !== 'cookie') throw new DeskwireError('invalid_payload', 'Deskwire-Session must be: cookie');
  const site = headers['sec-fetch-site'];
  const { origin } = headers;
  // Browsers leave `Sec-Fetch-Site` out on plain http; there, the origin is compared with the host.
  const isOwn = site !== undefined ? site === 'same-origin' : origin === undefined || originOf(origin)?.host === host;
  if (!isOwn) throw new DeskwireError('forbidden', 'Only pages of this server keep their session in a cookie');
  return true;
}

export function sessionCookieOf({ headers }: FastifyRequest): string | undefined {
  const name = `${cookieName(headers.origin)}=`;
  const found = headers.cookie?.split('; ').find((one) => one.startsWith(name));
  return found === undefined || found.length > 512 ? undefined : found.slice(name.length);
}

/** `seconds`: the time for which the browser keeps the cookie. */
export function setSessionCookie(request: FastifyRequest, reply: FastifyReply, token: string, seconds: number): void {
  const { origin } = request.headers;
  // The proxy that ends TLS may not report it; the origin of the page shows it.
  const isSecure = originOf(origin)?.protocol === 'https:' || request.protocol === 'https';
  const parts = [
    `${cookieName(origin)}=${token}`,
    `Path=${PATH}`,
    `Max-Age=${seconds}`,
    'HttpOnly',
    'SameSite=Strict',
    ...(isSecure ? ['Secure'] : []),
  ];
  reply.header('set-cookie', parts.join('; '));
}

export function clearSessionCookie(request: FastifyRequest, reply: FastifyReply): void {
  setSessionCookie(request, reply, '', 0);
}

/** Browsers send cookies to every port of a host, so that servers on two ports need two names. */
function cookieName(origin: string | undefined): string {
  const port = originOf(origin)?.port ?? '';
  return port === '' ? NAME : `${NAME}_${port}`;
}

function originOf(origin: string | undefined): URL | undefined {
  return origin === undefined ? undefined : (URL.parse(origin) ?? undefined);
}
