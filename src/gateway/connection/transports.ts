/**
 * What Engine.IO's transports have inside that tells what waits in them, and ends them: Engine.IO itself ends a connection
 * politely, and waits half a minute for an answer that a client which does not read never gives.
 */
import type { Socket } from 'socket.io';

export type Connection = Socket['conn'];

export interface Websocket {
  /** Bytes that the system did not take yet. */
  readonly bufferedAmount: number;
  close(code: number, reason: string): void;
  /** Ends the connection, whatever waits. Does nothing when it has ended. */
  terminate(): void;
  once(event: 'close', listener: () => void): unknown;
}

/** The answer to a poll. */
export interface Answer {
  readonly writableLength: number;
  once(event: 'close', listener: () => void): unknown;
  destroy(): void;
}

export function websocketOf({ transport }: Connection): Websocket | undefined {
  return transport.name === 'websocket' ? (transport as unknown as { readonly socket: Websocket }).socket : undefined;
}

/** The one that what is flushed now goes into. */
export function answerOf({ transport }: Connection): Answer | undefined {
  return (transport as { readonly res?: Answer | null }).res ?? undefined;
}
