/**
 * A planned shutdown: every client receives a random delay after which to come back, and the transports are closed in
 * batches. So the clients do not all come back, and do not all ask for replays, at the same time. When the transport is
 * closed, rather than the socket disconnected, clients reconnect by themselves. A connection that does not complete the
 * close, because its client does not read or is gone, is terminated.
 */
import { setTimeout as wait } from 'node:timers/promises';
import type { Server } from 'socket.io';
import type { Client } from './client.ts';
import { type Connection, type Websocket, websocketOf } from './transports.ts';

/** Milliseconds that clients have to complete the close. */
const CLOSE_TIMEOUT = 2_000;
/** `every`: milliseconds from one batch to the next. `minSize`: the least number of connections in a batch. */
const BATCHES = { every: 100, minSize: 50 };

/** `spread`: milliseconds in which clients come back. Resolves when every socket is gone or was terminated. */
export async function drain(io: Server, clients: Iterable<Client>, spread: number): Promise<void> {
  const gone: Promise<void>[] = [];
  const connections = new Set<Connection>();
  const websockets: Websocket[] = [];

  function closeTransport(connection: Connection): void {
    const websocket = websocketOf(connection);
    if (websocket !== undefined) {
      websockets.push(websocket);
      gone.push(new Promise((resolve) => websocket.once('close', resolve)));
    }
    connection.close();
  }

  // A connection that opens during the drain is closed at once.
  io.engine.on('connection', closeTransport);
  for (const { socket } of [...clients]) {
    gone.push(new Promise((resolve) => socket.once('disconnect', () => resolve())));
    socket.emit('server:draining', { retryAfter: Math.ceil((Math.random() * spread) / 1_000) });
    connections.add(socket.conn);
  }
  for (const [index, batch] of batchesOf([...connections], spread).entries()) {
    if (index > 0) await wait(BATCHES.every);
    for (const connection of batch) closeTransport(connection);
  }
  await Promise.race([Promise.all(gone), wait(CLOSE_TIMEOUT, undefined, { ref: false })]);
  io.engine.close();
  for (const websocket of websockets) websocket.terminate();
}

/** Splits connections into as many batches as fit into `spread`, each with at least `minSize` connections. */
function batchesOf<T>(all: readonly T[], spread: number): T[][] {
  const size = Math.max(BATCHES.minSize, Math.ceil(all.length / Math.max(1, spread / BATCHES.every)));
  return Array.from({ length: Math.ceil(all.length / size) }, (_, index) =>
    all.slice(index * size, (index + 1) * size),
  );
}
