/**
 * The encoder and decoder of Socket.IO's packets, for its option `parser`. Source: the Socket.IO protocol, version 5,
 * https://socket.io/docs/v4/socket-io-protocol/.
 *
 * It differs from Socket.IO's own decoder where a client could make work, or harm its neighbours on a connection:
 * - A payload is measured before it is parsed. One that is too long, nested too deeply or no JSON is not read, and the
 *   request or the namespace gets an error instead of the end of the connection.
 * - A number that a double does not hold exactly is refused, as over HTTP (`contract/exact-numbers.ts`).
 * - No event takes binary data. Binary attachments are dropped as they arrive, so nothing is kept for them.
 * - Packets that were under way to a namespace when the server ended it are dropped. Socket.IO would close the
 *   connection with all its other namespaces.
 * - A second CONNECT of a namespace is dropped. Socket.IO would make two sockets while the first one is not admitted.
 */
import { EventEmitter } from 'node:events';
import { parseJson } from '../../contract/exact-numbers.ts';

const CONNECT = 0;
const DISCONNECT = 1;
const EVENT = 2;
const ACK = 3;
const BINARY_EVENT = 5;

/** The number of characters in the longest event name that is read from a payload that is not. */
const MAX_NAME = 200;
/** A key that is repeated in an error. */
const PLAIN_KEY = /^\w{1,64}$/;
/** `<type>[<attachments>-][<namespace>,][<ack id>][<payload>]`. */
const HEADER = /^([0-6])(?:(\d{1,6})-)?(?:(\/[^,]{0,200})(?:,|$))?(\d{1,15})?/;

/** Stands for a payload that was not read. */
export class UnreadPayload {
  readonly reason: 'too_large' | 'too_deep' | 'binary' | 'malformed' | 'no_object';
  /** The field that is the reason; empty when it is all of the payload. */
  readonly field: string;
  constructor(reason: UnreadPayload['reason'], field = '') {
    this.reason = reason;
    this.field = field;
  }
}

export interface PacketLimits {
  /** The number of characters in the payload of an event, at most. */
  readonly payload: number;
  /** The number of characters in the `auth` of a handshake, at most. */
  readonly handshake: number;
  /** The number of levels in either, at most. */
  readonly depth: number;
}

interface Packet {
  readonly type: number;
  readonly nsp: string;
  readonly id?: number;
  readonly data?: unknown;
}

export interface PacketDecoder {
  /** Drops the packets of this namespace until the client connects it again. */
  ended(namespace: string): void;
}

/** The value of Socket.IO's option `parser`. `namespaces`: those that clients can connect. */
export function createPacketParser(namespaces: ReadonlySet<string>, limits: PacketLimits) {
  class Decoder extends EventEmitter implements PacketDecoder {
    /** The namespaces that the client has connected, or that are being connected. */
    readonly #connected = new Set<string>();
    /** The namespaces that the server has ended, and the client has not connected again. */
    readonly #ended = new Set<string>();
    #attachments = 0;

    /** Throws for data that is no packet. Socket.IO then closes the connection. */
    add(data: unknown): void {
      if (typeof data !== 'string') {
        this.#dropAttachment();
        return;
      }
      if (this.#attachments > 0) throw new Error('a packet before the attachments of the last one');
      const { packet, attachments } = decode(data, limits);
      this.#attachments = attachments;
      if (this.#follows(packet)) this.emit('decoded', packet);
    }

    /** False for a packet that comes too late, or too early, for the state of its namespace. */
    #follows({ type, nsp }: Packet): boolean {
      switch (type) {
        case CONNECT:
          if (this.#connected.has(nsp)) return false;
          if (namespaces.has(nsp)) this.#connected.add(nsp);
          this.#ended.delete(nsp);
          return true;
        case ACK:
          return false;
        default:
          if (type === DISCONNECT) this.#connected.delete(nsp);
          return !this.#ended.has(nsp);
      }
    }

    ended(namespace: string): void {
      this.#connected.delete(namespace);
      this.#ended.add(namespace);
    }

    destroy(): void {
      this.#connected.clear();
      this.#ended.clear();
    }

    #dropAttachment(): void {
      if (this.#attachments === 0) throw new Error('binary data outside of a packet');
      this.#attachments -= 1;
    }
  }
  return { Encoder: PacketEncoder, Decoder };
}

class PacketEncoder {
  encode({ type, nsp, id, data }: Packet): string[] {
    const namespace = nsp === '/' ? '' : `${nsp},`;
    return [`${type}${namespace}${id ?? ''}${data === undefined ? '' : JSON.stringify(data)}`];
  }
}

function decode(text: string, limits: PacketLimits): { packet: Packet; attachments: number } {
  const header = HEADER.exec(text);
  if (header === null) throw new Error('no packet');
  const [{ length }, code, announced, nsp = '/', ackId = ''] = header;
  const type = Number(code);
  const attachments = Number(announced ?? 0);
  const binary = type >= BINARY_EVENT;
  if (binary !== (announced !== undefined)) throw new Error('no packet');
  const common = { nsp, ...(ackId !== '' && { id: Number(ackId) }) };
  switch (type) {
    case CONNECT:
      // It takes no ack, so digits are its auth.
      return { packet: { nsp, type, data: handshakeOf(text.slice(length - ackId.length), limits) }, attachments };
    case DISCONNECT:
      return { packet: { ...common, type }, attachments };
    case EVENT:
      return { packet: { ...common, type, data: argumentsOf(text.slice(length), limits) }, attachments };
    case BINARY_EVENT:
      return { packet: { ...common, type: EVENT, data: binaryArguments(text.slice(length), limits) }, attachments };
    // The server asks for no acks, so their payloads are not read.
    default:
      return { packet: { ...common, type: ACK }, attachments };
  }
}

/** The `auth` of a handshake. A client without one sends nothing. Connections refuse the namespace of an unread one. */
function handshakeOf(text: string, limits: PacketLimits): unknown {
  if (text === '') return undefined;
  if (text.length > limits.handshake) return new UnreadPayload('too_large');
  if (!nestedWithin(text, limits.depth)) return new UnreadPayload('too_deep');
  const auth = parsed(text);
  if (auth === undefined) return new UnreadPayload('malformed');
  if (typeof auth !== 'object' || auth === null || Array.isArray(auth)) return new UnreadPayload('no_object');
  return auth;
}

function argumentsOf(text: string, limits: PacketLimits): unknown[] {
  if (text.length > limits.payload) return unread(text, 'too_large');
  if (!nestedWithin(text, limits.depth)) return unread(text, 'too_deep');
  const data = parsed(text);
  return Array.isArray(data) && data.length > 0 ? data : unread(text, 'malformed');
}

/** Names the field that refers to an attachment. The rest of the payload is not passed on. */
function binaryArguments(text: string, limits: PacketLimits): unknown[] {
  const [name, payload, ...rest] = argumentsOf(text, limits);
  if (payload instanceof UnreadPayload) return [name, payload, ...rest];
  const path = placeholderIn(payload) ?? [];
  const field = path.every((key) => PLAIN_KEY.test(key)) ? path.join('.') : '';
  return [name, new UnreadPayload('binary', field)];
}

/** The keys that lead to the first value that stands for an attachment. */
function placeholderIn(value: unknown): string[] | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  if ('_placeholder' in value && value._placeholder === true) return [];
  for (const [key, item] of Object.entries(value)) {
    const path = placeholderIn(item);
    if (path !== undefined) return [key, ...path];
  }
  return undefined;
}

/** The arguments of an event that was not read: its name, if it has one, and why. */
function unread(text: string, reason: UnreadPayload['reason']): unknown[] {
  const [, name] = /^\[\s*("(?:[^"\\]|\\.)*")/.exec(text.slice(0, MAX_NAME)) ?? [];
  return [name === undefined ? undefined : parsed(name), new UnreadPayload(reason)];
}

function parsed(text: string): unknown {
  try {
    return parseJson(text);
  } catch {
    // Not JSON: the caller answers with an error that says so.
    return undefined;
  }
}

/** True when no value in the JSON text is deeper than `depth`. Reads the text once and keeps nothing. */
function nestedWithin(text: string, depth: number): boolean {
  let level = 0;
  let quoted = false;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (quoted) {
      if (code === BACKSLASH) at += 1;
      else if (code === QUOTE) quoted = false;
    } else if (code === QUOTE) quoted = true;
    else if (code === BRACKET || code === BRACE) {
      level += 1;
      if (level > depth) return false;
    } else if (code === BRACKET + 2 || code === BRACE + 2) level -= 1;
  }
  return true;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const BRACKET = 0x5b;
const BRACE = 0x7b;
