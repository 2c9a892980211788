/** A socket to one node, of a client that minds its connections itself: it never reconnects by itself, and may be asked things. */
import { io, type Socket } from 'socket.io-client';
import type { ChaosNode } from '../node.ts';
import { ANSWER_PATIENCE, type Person } from './desk.ts';

// biome-ignore lint/suspicious/noExplicitAny: payloads are whatever the server sent
export type Payload = any;

export function openSocket(node: ChaosNode, by: Person, namespace = '/', auth: object = {}): Socket {
  return io(node.url + namespace, {
    auth: { token: by.token, ...auth },
    transports: ['websocket'],
    forceNew: true,
    reconnection: false,
    timeout: ANSWER_PATIENCE,
  });
}

/** Resolves when the server has let it in; rejects when it does not. */
export function connected(socket: Socket): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('not connected in time')), ANSWER_PATIENCE);
    const end = (settle: () => void) => {
      clearTimeout(timer);
      settle();
    };
    socket.once('connected', () => end(resolve));
    socket.once('connect_error', (error) => end(() => reject(error)));
    socket.once('disconnect', (reason) => end(() => reject(new Error(reason))));
  });
}

export function askSocket(socket: Socket, name: string, payload: object): Promise<Payload> {
  return socket.timeout(ANSWER_PATIENCE).emitWithAck(name, payload);
}

/**
 * Calls back in the very tick in which the answer comes: what is sent right behind it may come in the same tick, before a
 * promise would tell. `undefined` when there was no answer.
 */
export function askAtOnce(socket: Socket, name: string, payload: object, answered: (answer: Payload) => void): void {
  socket.timeout(ANSWER_PATIENCE).emit(name, payload, (error: Error | null, answer: Payload) => {
    answered(error ? undefined : answer);
  });
}
