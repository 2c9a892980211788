/**
 * A planned end: every client is told a moment of its own at which to come back, and its transport is closed, one batch
 * after the other: so neither do all come back at once, nor do all at once ask another process for what they missed.
 * Closing the transport, rather than disconnecting the socket, is what makes clients reconnect by themselves. Whoever does
 * not say goodbye, because it does not read or is long gone, is cut off.
 */
import { setTimeout as wait } from 'node:timers/promises';
import type { Server } from 'socket.io';
import type { Session } from './client.ts';
import { type Connection, type Websocket, websocketOf } from './transports.ts';

/** Milliseconds in which clients have to say goodbye. */
const PATIENCE = 2_000;
/** Milliseconds from one batch to the next, and connections in one at least. */
const BATCHES = { every: 100, least: 50 };

/** `spread` in milliseconds. Resolves when every socket is gone, or was cut off. */
export async function drain(io: Server, sessions: Iterable<Session>, spread: number): Promise<void> {
  const gone: Promise<void>[] = [];
  const connections = new Set<Connection>();
  const websockets: Websocket[] = [];

  function release(connection: Connection): void {
    const websocket = websocketOf(connection);
    if (websocket !== undefined) {
      websockets.push(websocket);
      gone.push(new Promise((resolve) => websocket.once('close', resolve)));
    }
    connection.close();
  }

  // New connections would be drained again at once.
  io.engine.on('connection', release);
  for (const { socket } of [...sessions]) {
    gone.push(new Promise((resolve) => socket.once('disconnect', () => resolve())));
    socket.emit('server:draining', { retryAfter: Math.ceil((Math.random() * spread) / 1_000) });
    connections.add(socket.conn);
  }
  for (const [index, batch] of batchesOf([...connections], spread).entries()) {
    if (index > 0) await wait(BATCHES.every);
    for (const connection of batch) release(connection);
  }
  await Promise.race([Promise.all(gone), wait(PATIENCE, undefined, { ref: false })]);
  io.engine.close();
  for (const websocket of websockets) websocket.terminate();
}

/** As many batches as there is time for, and not more than make sense. */
function batchesOf<T>(all: readonly T[], spread: number): T[][] {
  const size = Math.max(BATCHES.least, Math.ceil(all.length / Math.max(1, spread / BATCHES.every)));
  return Array.from({ length: Math.ceil(all.length / size) }, (_, index) =>
    all.slice(index * size, (index + 1) * size),
  );
}
