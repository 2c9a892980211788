/**
 * Cuts off clients that do not read their answers. This holds for every answer: a page of a list, an attachment, a file
 * of the console. An answer that nobody reads would keep its memory, its open file and its place among the requests.
 */
import type { Socket } from 'node:net';
import type { App } from '../app.ts';

/** The state of a connection with bytes that wait to be read. */
interface Waiting {
  /** Bytes of complete writes that the client's side has taken. */
  readonly taken: number;
  /** Bytes of the present write that the system has not taken. */
  readonly queued: number;
  /** A time of `performance.now()`. */
  readonly since: number;
}

/** The number of checks in one time limit. */
const LOOKS = 4;

/** Ends a connection whose client takes none of the bytes that wait for it, for `limit` milliseconds. */
export function cutOffSlowReaders(app: App, limit: number): void {
  const connections = new Map<Socket, Waiting | undefined>();
  app.server.on('connection', (connection: Socket) => {
    connections.set(connection, undefined);
    connection.once('close', () => connections.delete(connection));
  });
  const look = setInterval(() => {
    const now = performance.now();
    for (const [connection, before] of connections) {
      const waiting = waitingOn(connection, now, before);
      connections.set(connection, waiting);
      if (waiting !== undefined && now - waiting.since >= limit) connection.destroy();
    }
  }, limit / LOOKS).unref();
  app.addHook('onClose', (_app, done) => {
    clearInterval(look);
    done();
  });
}

/** Undefined when nothing waits; the earlier state when the client has taken nothing. */
function waitingOn(connection: Socket, now: number, before: Waiting | undefined): Waiting | undefined {
  if (connection.writableLength === 0) return undefined;
  const taken = connection.bytesWritten - connection.writableLength;
  const queued = queuedBytes(connection);
  if (before !== undefined && taken <= before.taken && queued >= before.queued) return before;
  return { taken, queued, since: now };
}

/** Node counts a write as done only as a whole. Its own time-out for idle connections reads this number, too. */
function queuedBytes(connection: Socket): number {
  const { _handle: handle } = connection as { readonly _handle?: { readonly writeQueueSize?: number } | null };
  return handle?.writeQueueSize ?? 0;
}
