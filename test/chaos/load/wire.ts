/** A socket to one node, without automatic reconnection, because the clients of a run connect again by themselves. */
import { io, type Socket } from 'socket.io-client';
import type { ChaosNode } from '../node.ts';
import { ANSWER_TIMEOUT, type Person } from './desk.ts';

// biome-ignore lint/suspicious/noExplicitAny: payloads are whatever the server sent
export type Payload = any;

export function openSocket(node: ChaosNode, by: Person, namespace = '/', auth: object = {}): Socket {
  return io(node.url + namespace, {
    auth: { token: by.token, ...auth },
    transports: ['websocket'],
    forceNew: true,
    reconnection: false,
    timeout: ANSWER_TIMEOUT,
  });
}

/** Resolves when the server has admitted the socket. Rejects when it refuses, or does not answer in time. */
export function connected(socket: Socket): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('not connected in time')), ANSWER_TIMEOUT);
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
  return socket.timeout(ANSWER_TIMEOUT).emitWithAck(name, payload);
}

/**
 * Calls `answered` in the tick in which the answer arrives, with undefined when there was none. A promise would resolve
 * too late, because the next event may arrive in the same tick.
 */
export function askAtOnce(socket: Socket, name: string, payload: object, answered: (answer: Payload) => void): void {
  socket.timeout(ANSWER_TIMEOUT).emit(name, payload, (error: Error | null, answer: Payload) => {
    answered(error ? undefined : answer);
  });
}
