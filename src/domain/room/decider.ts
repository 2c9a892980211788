/**
 * The decider of rooms. A room exists from its first use, and is open to every user until it is made private. The state
 * says only who may enter, so that it stays small with any number of messages.
 */
import { mayConfigureRoom, mayEnterRoom, requireActive, requirePermission } from '../access.ts';
import { DeskwireError } from '../errors.ts';
import type { Decider } from '../event.ts';
import { assertJson, assertName, assertText } from '../json.ts';
import type { RoomEvent } from './events.ts';

export type RoomCommand =
  | { readonly type: 'ConfigureRoom'; readonly private: boolean; readonly members: readonly string[] }
  | { readonly type: 'PostRoomMessage'; readonly message: unknown; readonly clientId: string };

export interface RoomState {
  readonly private: boolean;
  readonly members: readonly string[];
}

export const roomDecider: Decider<RoomState, RoomCommand, RoomEvent> = {
  kind: 'room',
  stateVersion: 1,
  initialState: () => ({ private: false, members: [] }),
  decide: (command, state, { by }) => {
    requireActive(by);
    switch (command.type) {
      case 'ConfigureRoom': {
        requirePermission(mayConfigureRoom(by), 'Only admins and services configure rooms');
        for (const member of command.members) assertName(member, 'members');
        const configured = { private: command.private, members: [...new Set(command.members)] };
        return isSame(configured, state) ? [] : [{ type: 'RoomConfigured', data: configured }];
      }
      case 'PostRoomMessage': {
        requirePermission(mayEnterRoom(by, state), 'This room is private');
        const { message, clientId } = command;
        if (message === undefined) {
          throw new DeskwireError('invalid_payload', 'A room message needs a message', { field: 'message' });
        }
        assertJson(message, 'message');
        assertText(clientId, 'clientId');
        return [{ type: 'RoomMessagePosted', data: { message, clientId } }];
      }
    }
  },
  evolve: (state, event) =>
    event.type === 'RoomConfigured' ? { private: event.data.private, members: event.data.members } : state,
};

/** The order of members does not matter. */
function isSame(a: RoomState, b: RoomState): boolean {
  return a.private === b.private && new Set(a.members).symmetricDifference(new Set(b.members)).size === 0;
}
