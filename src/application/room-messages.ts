/** Posting in a room, for whichever way in. */

import { streamOf } from '../domain/event.ts';
import { type Application, type Caller, commandContext } from './application.ts';
import { execute, spendQuota } from './execute.ts';
import { requireRelayable } from './relayed.ts';

/** A message counts once for each of these bytes that it begins: it can be large. */
const COUNTED_BYTES = 4_096;

export interface RoomPost {
  /** Any JSON. */
  readonly message: unknown;
  /** The socket that it comes from. */
  readonly clientId: string;
  /** The same one again finds the same message and posts nothing. */
  readonly clientMessageId?: string | undefined;
}

/** Resolves with the message's version. Rejects with `forbidden` for a private room that the caller is no member of. */
export async function postRoomMessage(
  application: Application,
  caller: Caller,
  room: string,
  { message, clientId, clientMessageId }: RoomPost,
): Promise<number> {
  requireRelayable(message, 'message');
  const asked = clientMessageId === undefined ? {} : { key: clientMessageId };
  const context = commandContext(application, caller, 'room-message', asked);
  const command = { type: 'PostRoomMessage', message, clientId } as const;
  const amount = Math.ceil(Buffer.byteLength(JSON.stringify(message)) / COUNTED_BYTES);
  const stream = streamOf('room', room);
  const named = clientMessageId !== undefined || caller.key !== undefined;
  const spending = { user: caller.user, quota: 'roomMessages', amount, stream, commandId: context.commandId, named };
  const outcome = await spendQuota(application, spending, () => execute(application, 'room', room, command, context));
  return outcome.events.at(-1)?.version ?? outcome.version;
}
