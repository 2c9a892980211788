/** Rooms: get, list and configure. */
import type { ConfigureRoomBody } from '../contract/room.ts';
import { maySeeRoom, requirePermission } from '../domain/access.ts';
import { DeskwireError } from '../domain/errors.ts';
import type { RoomState } from '../domain/room/decider.ts';
import type { UserFacts } from '../domain/user/identity.ts';
import type { Page, RoomView } from '../projections/queries/queries.ts';
import { type Application, type Caller, commandContext, type Done } from './application.ts';
import { backendsOf } from './backends.ts';
import { executeForState } from './execute.ts';

/** Rejects with `not_found` for a room that was never used, and with `forbidden` for a private one of others. */
export async function getRoom(application: Application, user: UserFacts, name: string): Promise<RoomView> {
  const room = await backendsOf(application).queries.room(name);
  if (room === undefined) throw new DeskwireError('not_found', 'Room not found');
  requirePermission(maySeeRoom(user, room), 'This room is private');
  return room;
}

/** The state of a room as its actor has it, whoever asks. */
export async function getRoomState(
  application: Application,
  name: string,
): Promise<{ readonly state: RoomState; readonly version: number }> {
  return backendsOf(application).actors.read('room', name);
}

/** By name, the rooms that the user may know. */
export async function listRooms(
  application: Application,
  user: UserFacts,
  page: { cursor?: string; limit: number },
): Promise<Page<RoomView>> {
  return backendsOf(application).queries.rooms(user, page);
}

export async function configureRoom(
  application: Application,
  caller: Caller,
  name: string,
  input: ConfigureRoomBody,
): Promise<Done & Pick<RoomView, 'name' | 'private' | 'members'>> {
  const { private: isPrivate, members = [] } = input;
  const command = { type: 'ConfigureRoom', private: isPrivate, members } as const;
  const context = commandContext(application, caller, 'configure', { input });
  const outcome = await executeForState(application, 'room', name, command, context);
  return { ...outcome, name, private: outcome.state.private, members: outcome.state.members };
}
