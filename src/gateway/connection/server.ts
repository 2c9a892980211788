/** The Socket.IO server: transports, the size of frames, the decoder of packets, and CORS. */
import type { Server as HttpServer } from 'node:http';
import { Server, type ServerOptions } from 'socket.io';
import type { Origins } from '../../support/origins.ts';
import type { GatewayOptions } from '../options.ts';
import { createPacketParser } from './packet-parser.ts';

/** For a gateway that runs in one of several workers of a host. */
export interface HostWorker {
  readonly adapter: NonNullable<ServerOptions['adapter']>;
  /** Makes a transport id. The host routes later requests with this id to this worker. */
  readonly newTransportId: () => string;
}

/** The number of characters that JSON needs for one character, at most. */
const ESCAPED = 6;
/** The number of levels in a packet: two for its arguments, and those that validation accepts. */
const MAX_DEPTH = 2 + 32;

export function createServer(
  httpServer: HttpServer,
  { unauthenticated, maxEventSize }: Pick<GatewayOptions, 'unauthenticated' | 'maxEventSize'>,
  origins: Origins,
  namespaces: Iterable<string>,
  worker: HostWorker | undefined,
): Server {
  const io = new Server(httpServer, {
    transports: ['polling', 'websocket'],
    // Raised for each connection when it is authenticated.
    maxHttpBufferSize: unauthenticated.frameBytes,
    parser: createPacketParser(new Set(namespaces), {
      payload: ESCAPED * maxEventSize,
      handshake: unauthenticated.frameBytes,
      depth: MAX_DEPTH,
    }),
    perMessageDeflate: false,
    httpCompression: false,
    serveClient: false,
    cors: ({ headers: { origin = '' } }, done) => done(null, corsFor(origin, origins)),
    ...(worker && { adapter: worker.adapter }),
  });
  if (worker) io.engine.generateId = worker.newTransportId;
  return io;
}

/** Cookies go along only for origins that are configured by name, never for those that `*` lets in. */
function corsFor(origin: string, origins: Origins) {
  if (origins.lists(origin)) return { origin, credentials: true };
  return { origin: origins.any ? '*' : false };
}
