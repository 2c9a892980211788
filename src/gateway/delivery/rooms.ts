/** Sending to rooms of this process. Other processes send the same events to their own sockets. */
import type { Server } from 'socket.io';
import { BEHIND } from '../connection/outbound.ts';
import type { Wire } from '../dialects/dialect.ts';

export interface Rooms {
  /** Encoded once, however many sockets are in the room. */
  send(namespace: string, room: string, wire: Wire, exceptRoom?: string): void;
  /** To several rooms at once, each socket once; `payload` may be any JSON. Resolves with the number of sockets reached. */
  reach(
    namespace: string,
    rooms: readonly string[],
    event: { readonly name: string; readonly payload: unknown },
    exceptRoom?: string,
  ): Promise<number>;
}

export function createRooms(io: Server): Rooms {
  function to(namespace: string, rooms: readonly string[], ...exceptRooms: (string | undefined)[]) {
    const members = io.of(namespace).local.to([...rooms]);
    const except = exceptRooms.filter((room) => room !== undefined);
    return except.length === 0 ? members : members.except(except);
  }
  return {
    send(namespace, room, { name, payload, ephemeral }, exceptRoom) {
      to(namespace, [room], exceptRoom, ephemeral === true ? BEHIND : undefined).emit(name, payload);
    },
    async reach(namespace, rooms, { name, payload }, exceptRoom) {
      // Without a room it would be everyone.
      if (rooms.length === 0) return 0;
      const members = to(namespace, rooms, exceptRoom);
      members.emit(name, payload);
      return (await members.fetchSockets()).length;
    },
  };
}
