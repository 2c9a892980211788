/**
 * Access to internal fields of Socket.IO's connections: to measure the bytes that wait, to terminate a connection, to
 * limit its frames, and to tell its decoder that a namespace has ended.
 * Engine.IO's own close waits half a minute for an answer, and a client that does not read never answers.
 */
import type { Socket as TcpSocket } from 'node:net';
import type { Socket } from 'socket.io';
import type { PacketDecoder } from './packet-parser.ts';

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

/** The TCP connection under a websocket; that of the first request otherwise. */
export function tcpSocketOf({ transport, request }: Connection): TcpSocket {
  const { socket } = transport as unknown as { readonly socket?: { readonly _socket?: TcpSocket | null } };
  return (transport.name === 'websocket' ? socket?._socket : undefined) ?? request.socket;
}

/** The id by which later requests name the connection. */
export function transportIdOf(connection: Connection): string {
  return (connection as unknown as { readonly id: string }).id;
}

/**
 * The fields in which a polling transport and a websocket keep the largest number of bytes that they accept, and in
 * which a websocket keeps the largest number of pieces: fragments of a message, and chunks of a frame.
 */
interface FrameLimits {
  maxHttpBufferSize?: number;
  readonly socket?: {
    readonly _receiver?: { _maxPayload: number; _maxFragments: number; _maxBufferedChunks: number } | null;
  };
}

/** A piece costs memory beside its bytes, so they have this many bytes on average. */
const LEAST_PIECE = 256;

/** Limits the frames that the connection accepts from now on, on its present transport. */
export function limitFrames({ transport }: Connection, bytes: number): void {
  const limits = transport as unknown as FrameLimits;
  if (transport.name === 'polling') limits.maxHttpBufferSize = bytes;
  const receiver = limits.socket?._receiver;
  if (!receiver) return;
  receiver._maxPayload = bytes;
  receiver._maxFragments = bytes / LEAST_PIECE;
  receiver._maxBufferedChunks = bytes / LEAST_PIECE;
}

/** The decoder of the socket's connection, which `createPacketParser` made. */
export function decoderOf({ client }: Socket): PacketDecoder {
  return (client as unknown as { readonly decoder: PacketDecoder }).decoder;
}
