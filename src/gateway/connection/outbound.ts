/**
 * What waits in this process for a connection to take it, in bytes: in Engine.IO's buffer, in the websocket, or in the
 * answer to a poll. A connection on which more than `limit` waits is cut off as a slow consumer: it comes back, and
 * is replayed what it missed; until it reads, it costs us nothing.
 *
 * What is counted is what the transport says, so a broadcast is not measured again for each of its sockets. Connections
 * are judged once a turn of the event loop, after everything that was sent in it:
 * - `behind`, with more than half of the limit waiting: what nobody has to hear is not sent to it, and its replays wait;
 * - what is sent in one turn and is more than half of the limit is one replay, which may be larger than the limit: it is
 *   let in, once, and nothing more than the limit on top of it until it is taken.
 */
import type { Server, Socket } from 'socket.io';
import { type Answer, answerOf, type Connection, websocketOf } from './transports.ts';

/** The Socket.IO room of the sockets whose connection is behind. */
export const BEHIND = 'behind';

/** Milliseconds from one look at those that are behind to the next. */
const REVIEW_EVERY = 100;
/** Milliseconds in which a client that does read learns why it is cut off, behind what it was sent before. */
const FAREWELL = 5_000;
/** "Try again later". Source: the IANA registry of websocket close codes. */
const TRY_AGAIN_LATER = 1013;

export interface Outbound {
  /** A socket of a connection that has opened: it is told to `onSlow` when its connection is cut off. */
  add(socket: Socket): void;
  /** Resolves when the connection has taken most of what it was sent, or is gone. Undefined when that is so now. */
  taken(socket: Socket): Promise<void> | undefined;
  /** Whether this socket's connection was cut off. */
  wasCut(socket: Socket): boolean;
  /** Bytes that wait on the connection with the most. */
  readonly longest: number;
  close(): void;
}

interface Parts {
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

export function createOutbound({ engine, limit, onSlow }: Parts): Outbound {
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
        if (touched.size === 0) setImmediate(judgeTouched);
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

  function judgeTouched(): void {
    const all = [...touched];
    touched.clear();
    for (const line of all) judge(line);
  }

  function judge(line: Line): void {
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

  /** Not only ended, as any other is: what waits would go on waiting for as long as TCP does. */
  function cut(line: Line, bytes: number): void {
    const { connection } = line;
    cutOff.add(connection);
    onSlow(line.sockets, bytes);
    const websocket = websocketOf(connection);
    websocket?.close(TRY_AGAIN_LATER, 'slow_consumer');
    if (websocket) setTimeout(() => websocket.terminate(), FAREWELL).unref();
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
      // What was sent in this very turn is not judged yet.
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

/** As Engine.IO announces it. A broadcast is one frame for all of its sockets. */
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
