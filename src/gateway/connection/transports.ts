/**
 * Access to internal fields of Engine.IO's transports, to measure the bytes that wait and to terminate a connection.
 * Engine.IO's own close waits half a minute for an answer, and a client that does not read never answers.
 */
import type { Socket } from 'socket.io';

export type Connection = Socket['conn'];

export interface Websocket {
  /** Bytes that the operating system has not taken yet. */
  readonly bufferedAmount: number;
  close(code: number, reason: string): void;
  /** Ends the connection and drops the data that waits. Does nothing when the connection has ended. */
  terminate(): void;
  once(event: 'close', listener: () => void): unknown;
}

/** The HTTP response to a poll. */
export interface Answer {
  readonly writableLength: number;
  once(event: 'close', listener: () => void): unknown;
  destroy(): void;
}

export function websocketOf({ transport }: Connection): Websocket | undefined {
  return transport.name === 'websocket' ? (transport as unknown as { readonly socket: Websocket }).socket : undefined;
}

/** The response that the transport writes the present flush to; undefined for a websocket, or without a poll. */
export function answerOf({ transport }: Connection): Answer | undefined {
  return (transport as { readonly res?: Answer | null }).res ?? undefined;
}
