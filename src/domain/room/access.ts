/**
 * Who may enter and configure a room, and how rooms are named. A room is open to every authenticated user unless made
 * private; a private one is for its members alone, and an admin who wants in makes themselves one. Source: docs/protocol.md
 * section 6. Rooms are no secret (anyone may try any name), so refusals are `forbidden`.
 */
import type { UserFacts } from '../user/identity.ts';

export const ROOM_NAME = /^[A-Za-z0-9_.-]{1,64}$/;

export interface RoomAccess {
  readonly private: boolean;
  readonly members: readonly string[];
}

export function isRoomName(name: string): boolean {
  return ROOM_NAME.test(name);
}

/** Entering is reading and posting. */
export function mayEnterRoom(user: UserFacts, room: RoomAccess): boolean {
  return user.active && (!room.private || room.members.includes(user.id));
}

/** What a room is like may know whoever may enter it, or decide about that. */
export function mayKnowRoom(user: UserFacts, room: RoomAccess): boolean {
  return mayEnterRoom(user, room) || mayConfigureRoom(user);
}

/** Otherwise anybody could shut everybody out of a room; the same roles use the relay's HTTP endpoints. */
export function mayConfigureRoom(user: UserFacts): boolean {
  return user.active && (user.role === 'admin' || user.role === 'service');
}
