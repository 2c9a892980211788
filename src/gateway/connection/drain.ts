/**
 * A planned end: every client is told a moment of its own at which to come back, so that they do not all come back at
 * once, and its transport is closed. Closing the transport, rather than disconnecting the socket, is what makes clients
 * reconnect by themselves.
 */
import type { Server } from 'socket.io';
import type { Session } from './session.ts';

/** Seconds in answers, milliseconds here. Resolves when every socket is gone. */
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
  await Promise.all(gone);
  io.engine.close();
}
