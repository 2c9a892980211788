/**
 * Access to the inside of Engine.IO's transports, to measure the bytes that wait and to terminate a connection.
 * Engine.IO's own close waits half a minute for an answer, and a client that does not read never gives one.
 */
import type { Socket } from 'socket.io';

export type Connection = Socket['conn'];

export interface Websocket {
  /** Bytes that the operating system has not taken yet. */
  readonly bufferedAmount: number;
  close(code: number, reason: string): void;
  /** Ends the connection and drops the data that waits. Does nothing when it has ended. */
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

/** The answer that takes the data of the present flush. */
export function answerOf({ transport }: Connection): Answer | undefined {
  return (transport as { readonly res?: Answer | null }).res ?? undefined;
}
