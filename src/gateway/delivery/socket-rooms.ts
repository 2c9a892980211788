/** Sends events to Socket.IO rooms, in this process only: every process sends the same events to its own sockets. */
import type { Server } from 'socket.io';
import { BEHIND } from '../connection/outbound.ts';
import type { Wire } from '../dialects/dialect.ts';

export interface SocketRooms {
  /** Sends to all sockets of the room. The event is encoded once. */
  send(namespace: string, room: string, wire: Wire, exceptRoom?: string): void;
  /** Sends to several rooms, once to each socket. `payload`: any JSON. Resolves with the number of sockets. */
  sendToRooms(
    namespace: string,
    rooms: readonly string[],
    event: { readonly name: string; readonly payload: unknown },
    exceptRoom?: string,
  ): Promise<number>;
}

export function createSocketRooms(io: Server): SocketRooms {
  function to(namespace: string, rooms: readonly string[], ...exceptRooms: (string | undefined)[]) {
    const members = io.of(namespace).local.to([...rooms]);
    const except = exceptRooms.filter((room) => room !== undefined);
    return except.length === 0 ? members : members.except(except);
  }
  return {
    send(namespace, room, { name, payload, ephemeral }, exceptRoom) {
      to(namespace, [room], exceptRoom, ephemeral === true ? BEHIND : undefined).emit(name, payload);
    },
    async sendToRooms(namespace, rooms, { name, payload }, exceptRoom) {
      // Socket.IO would take an empty list of rooms for all sockets.
      if (rooms.length === 0) return 0;
      const members = to(namespace, rooms, exceptRoom);
      members.emit(name, payload);
      return (await members.fetchSockets()).length;
    },
  };
}
