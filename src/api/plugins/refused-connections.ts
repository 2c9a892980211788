/**
 * Problems for requests that Node refuses before Fastify sees them: an address that is too long, headers that are too
 * large or incomplete, bytes that are not HTTP. Then the connection ends, because the next bytes cannot be read.
 */
import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { PROBLEM_TITLES } from '../../contract/problem.ts';
import { DeskwireError } from '../../domain/errors.ts';
import type { App } from '../app.ts';

/** Characters of the path with its query. Node takes 16 KiB of it together with all headers. */
const MAX_URL = 8_192;

/** Refuses longer addresses that Node still takes, with 414. */
export function boundUrls(app: App): void {
  app.addHook('onRequest', ({ url }, _reply, done) => {
    done(url.length > MAX_URL ? new UrlTooLong() : undefined);
  });
}

/** The status of the problem is 414. */
export class UrlTooLong extends DeskwireError {
  constructor() {
    super('invalid_payload', 'The address is too long');
  }
}

interface ClientError extends Error {
  readonly code?: string;
  /** The bytes that were received last: a Buffer. */
  readonly rawPacket?: unknown;
}

/** Handles `clientError` of the HTTP server. */
export function refuseConnection(newId: () => string) {
  return (error: ClientError, socket: Socket): void => {
    if (error.code === 'ECONNRESET' || socket.destroyed) return;
    if (socket.writable) socket.write(answerOf(error, newId()));
    socket.destroy(error);
  };
}

function answerOf(error: ClientError, requestId: string): string {
  const [status, detail] = refusalOf(error);
  const code = 'invalid_payload';
  const type = `urn:deskwire:problem:${code}`;
  const problem = { type, title: PROBLEM_TITLES[code], status, detail, code, requestId, statusCode: status };
  const body = JSON.stringify({ ...problem, message: detail });
  const headers = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    'Content-Type: application/problem+json; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Cache-Control: no-store',
    `X-Request-Id: ${requestId}`,
    'Connection: close',
  ];
  return `${headers.join('\r\n')}\r\n\r\n${body}`;
}

function refusalOf({ code, rawPacket }: ClientError): [status: number, detail: string] {
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return [408, 'The request took too long'];
  if (code !== 'HPE_HEADER_OVERFLOW') return [400, 'This is not an HTTP request'];
  return hasLongAddress(rawPacket) ? [414, 'The address is too long'] : [431, 'The headers are too large'];
}

/** True when the packet begins with a request line that is too long; an address cut over packets is not recognized. */
function hasLongAddress(packet: unknown): boolean {
  if (!Buffer.isBuffer(packet)) return false;
  const [line = ''] = packet.toString('latin1').split('\n', 1);
  return line.length > MAX_URL && /^[A-Z-]+ \//.test(line);
}
