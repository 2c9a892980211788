/** Sending to rooms of this process. Other processes send the same events to their own sockets. */
import type { Server } from 'socket.io';
import type { Wire } from './dialects/dialect.ts';

export interface Rooms {
  /** Encoded once, however many sockets are in the room. */
  send(namespace: string, room: string, wire: Wire, exceptRoom?: string): void;
}

export function createRooms(io: Server): Rooms {
  return {
    send(namespace, room, { name, payload }, exceptRoom) {
      const others = io.of(namespace).local.to(room);
      (exceptRoom === undefined ? others : others.except(exceptRoom)).emit(name, payload);
    },
  };
}
