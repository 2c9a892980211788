/**
 * A planned end: every client is told a moment of its own at which to come back, so that they do not all come back at
 * once, and its transport is closed. Closing the transport, rather than disconnecting the socket, is what makes clients
 * reconnect by themselves.
 */
import { setTimeout as wait } from 'node:timers/promises';
import type { Server } from 'socket.io';
import type { Session } from './session.ts';

/** A client that is gone without a word would keep us for as long as TCP does. Milliseconds. */
const PATIENCE = 2_000;

/** `spread` in milliseconds. Resolves when every socket is gone, or has had its time. */
export async function drain(io: Server, sessions: Iterable<Session>, spread: number): Promise<void> {
  // New connections would be drained again at once.
  io.engine.on('connection', (connection: { close(): void }) => connection.close());
  const gone: Promise<void>[] = [];
  for (const { socket } of [...sessions]) {
    const { promise, resolve } = Promise.withResolvers<void>();
    gone.push(promise);
    socket.once('disconnect', () => resolve());
    socket.emit('server:draining', { retryAfter: Math.ceil((Math.random() * spread) / 1_000) });
  }
  for (const { socket } of [...sessions]) socket.conn.close();
  await Promise.race([Promise.all(gone), wait(PATIENCE, undefined, { ref: false })]);
  io.engine.close();
}
