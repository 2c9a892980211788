/**
 * Limits the backlog of each connection: the bytes that wait in Engine.IO's buffer, in the websocket, or in the answer
 * to a poll. A connection with a backlog of more than `limit` bytes is cut off as a slow consumer. The client comes
 * back and gets a replay of the events that it missed.
 *
 * The bytes are counted at the transport, so a broadcast is not measured again for each of its sockets. Connections are
 * checked once per turn of the event loop, after everything that was sent in the turn:
 * - A connection with a backlog of more than half of the limit is `behind`. It gets no ephemeral events, and its
 *   replays wait.
 * - A connection that is sent more than half of the limit in one turn gets a replay, which may be larger than the
 *   limit. One replay is allowed, and at most `limit` bytes beside it until it has been sent.
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
  /** Adds a socket of an open connection. `onSlow` receives it when the connection is cut off. */
  add(socket: Socket): void;
  /** Resolves when the connection is no longer behind, or is gone. Undefined when it is not behind now. */
  caughtUp(socket: Socket): Promise<void> | undefined;
  /** Whether this socket's connection was cut off as a slow consumer. */
  wasCut(socket: Socket): boolean;
  /** The number of bytes in the largest backlog. */
  readonly longest: number;
  close(): void;
}

export interface OutboundDeps {
  readonly engine: Server['engine'];
  /** Bytes. */
  readonly limit: number;
  /** Called before a connection is cut off, with its sockets and its backlog. */
  onSlow(sockets: Iterable<Socket>, bytes: number): void;
}

/** The bytes that wait for one connection. */
interface Backlog {
  readonly connection: Connection;
  readonly sockets: Set<Socket>;
  /** Answers to polls that the client has not read completely. */
  readonly answers: Set<Answer>;
  readonly whenCaughtUp: Set<() => void>;
  /** Bytes in Engine.IO's buffer. */
  buffered: number;
  /** Bytes that waited when this turn of the event loop began. */
  before: number;
  /** Bytes of a replay that may wait above the limit. */
  allowed: number;
  behind: boolean;
}

export function createOutbound({ engine, limit, onSlow }: OutboundDeps): Outbound {
  const backlogs = new Map<Connection, Backlog>();
  const changed = new Set<Backlog>();
  const behind = new Set<Backlog>();
  const cutOff = new WeakSet<Connection>();
  let reviewing: NodeJS.Timeout | undefined;

  function watch(connection: Connection): void {
    const backlog: Backlog = {
      connection,
      sockets: new Set(),
      answers: new Set(),
      whenCaughtUp: new Set(),
      buffered: 0,
      before: 0,
      allowed: 0,
      behind: false,
    };
    backlogs.set(connection, backlog);
    connection.on('packetCreate', (packet: Packet) => {
      if (!changed.has(backlog)) {
        backlog.before = waiting(backlog);
        backlog.allowed = Math.min(backlog.allowed, backlog.before);
        if (changed.size === 0) setImmediate(checkChanged);
        changed.add(backlog);
      }
      backlog.buffered += sizeOf(packet);
    });
    connection.on('flush', () => {
      backlog.buffered = 0;
      const answer = answerOf(connection);
      if (answer === undefined) return;
      backlog.answers.add(answer);
      answer.once('close', () => backlog.answers.delete(answer));
    });
    connection.once('close', () => forget(backlog));
  }

  function forget(backlog: Backlog): void {
    backlogs.delete(backlog.connection);
    changed.delete(backlog);
    recovered(backlog);
  }

  function checkChanged(): void {
    const all = [...changed];
    changed.clear();
    for (const backlog of all) checkLimit(backlog);
  }

  function checkLimit(backlog: Backlog): void {
    const bytes = waiting(backlog);
    const added = bytes - backlog.before;
    if (added > limit / 2 && backlog.before <= limit) backlog.allowed += added;
    if (bytes > limit + backlog.allowed) cut(backlog, bytes);
    else if (bytes > limit / 2 && !backlog.behind) fallBehind(backlog);
  }

  function fallBehind(backlog: Backlog): void {
    backlog.behind = true;
    behind.add(backlog);
    for (const socket of backlog.sockets) void socket.join(BEHIND);
    reviewing ??= setInterval(review, REVIEW_EVERY).unref();
  }

  function review(): void {
    for (const backlog of behind) {
      const bytes = waiting(backlog);
      backlog.allowed = Math.min(backlog.allowed, bytes);
      if (bytes > limit / 2) continue;
      for (const socket of backlog.sockets) void socket.leave(BEHIND);
      recovered(backlog);
    }
  }

  function recovered(backlog: Backlog): void {
    backlog.behind = false;
    behind.delete(backlog);
    if (behind.size === 0) {
      clearInterval(reviewing);
      reviewing = undefined;
    }
    for (const resolve of backlog.whenCaughtUp) resolve();
    backlog.whenCaughtUp.clear();
  }

  /**
   * Closes the connection, and terminates its transport: after a close alone, the data would wait until TCP gives up.
   */
  function cut(backlog: Backlog, bytes: number): void {
    const { connection } = backlog;
    cutOff.add(connection);
    onSlow(backlog.sockets, bytes);
    const websocket = websocketOf(connection);
    websocket?.close(TRY_AGAIN_LATER, 'slow_consumer');
    if (websocket) setTimeout(() => websocket.terminate(), CLOSE_TIME).unref();
    connection.close(true);
    for (const answer of backlog.answers) answer.destroy();
  }

  engine.on('connection', watch);
  return {
    add(socket) {
      const backlog = backlogs.get(socket.conn);
      if (backlog === undefined) return;
      backlog.sockets.add(socket);
      socket.once('disconnect', () => backlog.sockets.delete(socket));
      if (backlog.behind) void socket.join(BEHIND);
    },
    caughtUp(socket) {
      const backlog = backlogs.get(socket.conn);
      if (backlog === undefined) return undefined;
      // Data that was sent in this turn has not been checked yet.
      if (!backlog.behind && waiting(backlog) > limit / 2) fallBehind(backlog);
      if (!backlog.behind) return undefined;
      return new Promise((resolve) => backlog.whenCaughtUp.add(resolve));
    },
    wasCut: (socket) => cutOff.has(socket.conn),
    get longest() {
      return [...backlogs.values()].reduce((most, backlog) => Math.max(most, waiting(backlog)), 0);
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

function waiting({ connection, buffered, answers }: Backlog): number {
  let bytes = buffered + (websocketOf(connection)?.bufferedAmount ?? 0);
  for (const answer of answers) bytes += answer.writableLength;
  return bytes;
}
