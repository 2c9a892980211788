/**
 * Limits the bytes that wait in this process for each connection: in Engine.IO's buffer, in the websocket, or in the
 * answer to a poll. A connection with more than `limit` bytes waiting is cut off as a slow consumer. The client comes
 * back and gets a replay of what it missed; until it reads, it uses no memory here.
 *
 * The transport counts the bytes, so a broadcast is not measured again for each of its sockets. Connections are checked
 * once per turn of the event loop, after everything that was sent in it:
 * - A connection with more than half of the limit waiting is `behind`: it gets no ephemeral events. Replays wait.
 * - More than half of the limit sent in one turn is a replay, which may be larger than the limit. It is allowed, once,
 *   and nothing more than the limit on top of it until it is taken.
 */
import type { Server, Socket } from 'socket.io';
import { type Answer, answerOf, type Connection, websocketOf } from './transports.ts';

/** The Socket.IO room of the sockets whose connection is behind. */
export const BEHIND = 'behind';

/** Milliseconds from one check of the connections that are behind to the next. */
const REVIEW_EVERY = 100;
/** Milliseconds in which a client that still reads receives the close code, after the data before it. */
const CLOSE_TIME = 5_000;
/** "Try again later". Source: the IANA registry of websocket close codes. */
const TRY_AGAIN_LATER = 1013;

export interface Outbound {
  /** Adds a socket of an open connection: `onSlow` gets it when its connection is cut off. */
  add(socket: Socket): void;
  /** Resolves when the connection is no longer behind, or is gone. Undefined when that is so now. */
  taken(socket: Socket): Promise<void> | undefined;
  /** Whether this socket's connection was cut off. */
  wasCut(socket: Socket): boolean;
  /** Bytes that wait on the connection with the most. */
  readonly longest: number;
  close(): void;
}

interface Deps {
  readonly engine: Server['engine'];
  /** Bytes. */
  readonly limit: number;
  onSlow(sockets: Iterable<Socket>, bytes: number): void;
}

interface Line {
  readonly connection: Connection;
  readonly sockets: Set<Socket>;
  /** Answers to polls that were not taken yet. */
  readonly answers: Set<Answer>;
  readonly whenTaken: Set<() => void>;
  /** Bytes in Engine.IO's own buffer. */
  buffered: number;
  /** Bytes that waited when this turn began. */
  before: number;
  /** Bytes of a replay that may wait beside the limit. */
  allowed: number;
  behind: boolean;
  cut: boolean;
}

export function createOutbound({ engine, limit, onSlow }: Deps): Outbound {
  const lines = new Map<Connection, Line>();
  const touched = new Set<Line>();
  const behind = new Set<Line>();
  const cutOff = new WeakSet<Connection>();
  let reviewing: NodeJS.Timeout | undefined;

  function watch(connection: Connection): void {
    const line: Line = {
      ...{ connection, sockets: new Set(), answers: new Set(), whenTaken: new Set() },
      ...{ buffered: 0, before: 0, allowed: 0, behind: false, cut: false },
    };
    lines.set(connection, line);
    connection.on('packetCreate', (packet: Packet) => {
      if (!touched.has(line)) {
        line.before = waiting(line);
        line.allowed = Math.min(line.allowed, line.before);
        if (touched.size === 0) setImmediate(checkTouched);
        touched.add(line);
      }
      line.buffered += sizeOf(packet);
    });
    connection.on('flush', () => {
      line.buffered = 0;
      const answer = answerOf(connection);
      if (answer === undefined) return;
      line.answers.add(answer);
      answer.once('close', () => line.answers.delete(answer));
    });
    connection.once('close', () => forget(line));
  }

  function forget(line: Line): void {
    lines.delete(line.connection);
    touched.delete(line);
    recovered(line);
  }

  function checkTouched(): void {
    const all = [...touched];
    touched.clear();
    for (const line of all) checkLimit(line);
  }

  function checkLimit(line: Line): void {
    const bytes = waiting(line);
    const added = bytes - line.before;
    if (added > limit / 2 && line.before <= limit) line.allowed += added;
    if (bytes > limit + line.allowed) cut(line, bytes);
    else if (bytes > limit / 2 && !line.behind) fallBehind(line);
  }

  function fallBehind(line: Line): void {
    line.behind = true;
    behind.add(line);
    for (const socket of line.sockets) void socket.join(BEHIND);
    reviewing ??= setInterval(review, REVIEW_EVERY).unref();
  }

  function review(): void {
    for (const line of behind) {
      const bytes = waiting(line);
      line.allowed = Math.min(line.allowed, bytes);
      if (bytes > limit / 2) continue;
      for (const socket of line.sockets) void socket.leave(BEHIND);
      recovered(line);
    }
  }

  function recovered(line: Line): void {
    line.behind = false;
    behind.delete(line);
    if (behind.size === 0) {
      clearInterval(reviewing);
      reviewing = undefined;
    }
    for (const resolve of line.whenTaken) resolve();
    line.whenTaken.clear();
  }

  /** The transport is terminated, too: after a mere close, the data would wait until TCP gives up. */
  function cut(line: Line, bytes: number): void {
    const { connection } = line;
    cutOff.add(connection);
    onSlow(line.sockets, bytes);
    const websocket = websocketOf(connection);
    websocket?.close(TRY_AGAIN_LATER, 'slow_consumer');
    if (websocket) setTimeout(() => websocket.terminate(), CLOSE_TIME).unref();
    connection.close(true);
    for (const answer of line.answers) answer.destroy();
  }

  engine.on('connection', watch);
  return {
    add(socket) {
      const line = lines.get(socket.conn);
      if (line === undefined) return;
      line.sockets.add(socket);
      socket.once('disconnect', () => line.sockets.delete(socket));
      if (line.behind) void socket.join(BEHIND);
    },
    taken(socket) {
      const line = lines.get(socket.conn);
      if (line === undefined) return undefined;
      // The data of this turn is not checked yet.
      if (!line.behind && waiting(line) > limit / 2) fallBehind(line);
      if (!line.behind) return undefined;
      return new Promise((resolve) => line.whenTaken.add(resolve));
    },
    wasCut: (socket) => cutOff.has(socket.conn),
    get longest() {
      return [...lines.values()].reduce((most, line) => Math.max(most, waiting(line)), 0);
    },
    close() {
      engine.off('connection', watch);
      clearInterval(reviewing);
    },
  };
}

/** A packet in Engine.IO's `packetCreate` event. A broadcast is one frame for all of its sockets. */
interface Packet {
  readonly data?: string | ArrayBufferView;
  readonly options?: { readonly wsPreEncodedFrame?: readonly Buffer[] };
}

function sizeOf({ data, options }: Packet): number {
  const frame = options?.wsPreEncodedFrame;
  if (frame !== undefined) return frame.reduce((size, part) => size + part.length, 0);
  return typeof data === 'string' ? Buffer.byteLength(data) : (data?.byteLength ?? 0);
}

function waiting({ connection, buffered, answers }: Line): number {
  let bytes = buffered + (websocketOf(connection)?.bufferedAmount ?? 0);
  for (const answer of answers) bytes += answer.writableLength;
  return bytes;
}
