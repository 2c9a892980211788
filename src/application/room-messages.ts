/** Posting in a room, for whichever way in. */

import { requireRelayable } from './relayed.ts';
import { type Caller, commandContext, type Done, type Services } from './services.ts';

export interface RoomPost {
  /** Any JSON. */
  readonly message: unknown;
  /** The socket that it comes from. */
  readonly clientId: string;
}

/** Rejects with `forbidden` for a private room that the caller is no member of. */
export async function postRoomMessage(services: Services, caller: Caller, room: string, post: RoomPost): Promise<Done> {
  requireRelayable(post.message, 'message');
  const command = { type: 'PostRoomMessage', ...post } as const;
  return services.actors.execute('room', room, command, commandContext(services, caller, 'room-message'));
}
