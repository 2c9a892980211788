/**
 * Clients that follow streams for the whole run, each over one connection at a time. When a connection ends, they
 * connect to any node and continue after their cursor. They record and apply every event as it comes, without checks of
 * their own, because the checker judges the record. When the server asks them to load again, they begin a new segment.
 */
import type { Socket } from 'socket.io-client';
import type { Stream } from '../../../src/domain/event.ts';
import { readId } from '../checker/clients.ts';
import type { Dialect, Following, Segment } from '../history.ts';
import type { Desk, Person } from './desk.ts';
import { askAtOnce, openSocket, type Payload } from './wire.ts';

export interface Follower {
  readonly followings: readonly Following[];
  /** `ticket.<id>`, `room.<name>` or `user.<id>`, the inbox. */
  follow(stream: Stream): void;
  /** Stops following. The record of the stream stays. */
  leave(stream: Stream): void;
  readonly viewer: Person;
  /** The last applied version, as the viewer sees it; undefined when the client does not follow the stream. */
  cursorOf(stream: string): number | undefined;
  /** Begins a new segment of every stream, for clients whose dialect does not announce a new epoch. */
  startOver(): void;
  close(): void;
}

/** The client side of one dialect. */
interface DialectClient {
  readonly dialect: Dialect;
  readonly namespace: string;
  /** The `auth` payload of a connection. */
  auth(followed: Followed | undefined): object;
  /** Joins one stream, from its cursor on. */
  join(socket: Socket, followed: Followed): void;
  leave(socket: Socket, followed: Followed): void;
  /** Applies the events that the server sends. */
  listen(socket: Socket, find: (stream: string) => Followed | undefined): void;
}

interface Followed {
  readonly following: Following;
  /** The epoch in the last answer to a join. */
  epoch: string | undefined;
  /** The highest version that the client ever received. */
  highest: number;
  /** Called with each version above `highest`. */
  received(version: number): void;
  /** Whether events that arrive now belong to the current subscription. */
  joined: boolean;
  /** The number of joins so far. Only the answer to the last one counts. */
  joins: number;
}

/** Milliseconds within which the server must admit a connection. */
const CONNECT_TIMEOUT = 2_500;
/** Milliseconds from the end of a connection to the next. */
const RECONNECT: readonly [number, number] = [20, 120];

export function cursorOf({ segments }: Following): number | undefined {
  const last = segments.at(-1);
  return last && (last.frames.at(-1)?.version ?? last.base);
}

/** The dialect of docs/protocol.md section 7. */
const streamClient: DialectClient = {
  dialect: 'stream',
  namespace: '/',
  auth: () => ({}),
  join(socket, followed) {
    const { segments, stream } = followed.following;
    const epoch = segments.at(-1)?.epoch;
    followed.joined = false;
    followed.joins += 1;
    const join = followed.joins;
    const request = { stream: wireName(stream), after: cursorOf(followed.following) ?? 0, ...(epoch && { epoch }) };
    askAtOnce(socket, 'subscribe', request, (answer) => {
      if (join !== followed.joins) return;
      if (!answer?.success) return joinRefused(socket, followed, answer?.error.type);
      // A resync follows and names the version to begin with. The current segment keeps its old epoch.
      followed.epoch = answer.epoch;
      if (!answer.recovered) return;
      const segment = segments.at(-1) ?? begin(followed, 0);
      segment.epoch = answer.epoch;
      for (const event of answer.events) if (event.id !== null) apply(followed, event);
      followed.joined = true;
    });
  },
  leave: (socket, { following }) => void socket.emit('unsubscribe', { stream: wireName(following.stream) }),
  listen(socket, find) {
    socket.on('event', (event: Payload) => {
      const followed = find(event.stream === 'inbox' ? 'inbox' : event.stream.replace(':', '.'));
      // An event that is not recorded has no id and no version of its own.
      if (followed?.joined && event.id !== null) apply(followed, event);
    });
    socket.on('resync', ({ stream, reason, version }: Payload) => {
      const followed = find(stream === 'inbox' ? 'inbox' : stream.replace(':', '.'));
      if (followed === undefined) return;
      begin(followed, reason === 'too_old' ? version : 0, followed.epoch);
      streamClient.join(socket, followed);
    });
  },
};

/** The dialect of docs/protocol.md section 5. */
const chatClient: DialectClient = {
  dialect: 'chat',
  namespace: '/',
  auth: () => ({}),
  join(socket, followed) {
    const { segments, stream } = followed.following;
    const epoch = segments.at(-1)?.epoch;
    followed.joined = false;
    const request = {
      ticketId: stream.slice('ticket.'.length),
      after: cursorOf(followed.following) ?? 0,
      ...(epoch !== undefined && { epoch }),
    };
    askAtOnce(socket, 'join_ticket', request, (answer) => {
      if (!answer?.success) joinRefused(socket, followed, answer?.error.type);
    });
  },
  leave: (socket, { following }) =>
    void socket.emit('leave_ticket', { ticketId: following.stream.slice('ticket.'.length) }),
  listen(socket, find) {
    socket.on('joined_ticket', ({ ticketId, version, epoch, recovered }: Payload) => {
      const followed = find(`ticket.${ticketId}`);
      if (followed === undefined) return;
      const before = followed.following.segments.at(-1);
      const segment = recovered ? (before ?? begin(followed, 0)) : begin(followed, version);
      segment.epoch = epoch;
      followed.joined = true;
    });
    socket.on('new_message', ({ ticketId, version, message }: Payload) => {
      const followed = find(`ticket.${ticketId}`);
      if (followed?.joined && beyondPage(followed, version)) apply(followed, { version, id: message.id });
    });
    socket.on('message_read', ({ ticketId, version, userId, upTo }: Payload) => {
      const followed = find(`ticket.${ticketId}`);
      const read = { version, id: readId(userId, upTo) };
      if (followed?.joined && beyondPage(followed, version)) apply(followed, read);
    });
  },
};

/** The dialect of docs/protocol.md section 3: the server sends the inbox without a join, from `lastSeq` on. */
const notificationsClient: DialectClient = {
  dialect: 'notifications',
  namespace: '/notifications',
  auth: (followed) => ({ lastSeq: (followed && cursorOf(followed.following)) ?? 0 }),
  join(_socket, followed) {
    if (followed.following.segments.length === 0) begin(followed, 0);
    followed.joined = true;
  },
  leave: () => undefined,
  listen(socket, find) {
    socket.on('notification:new', ({ seq, id }: Payload) => {
      const followed = find('inbox');
      if (followed?.joined) apply(followed, { version: seq, id });
    });
    socket.on('resync', ({ lastSeq }: Payload) => {
      const followed = find('inbox');
      if (followed !== undefined) begin(followed, lastSeq);
    });
  },
};

export const DIALECT_CLIENTS = { stream: streamClient, chat: chatClient, notifications: notificationsClient } as const;

function wireName(stream: Stream): string {
  return stream.startsWith('user.') ? 'inbox' : stream.replace('.', ':');
}

function begin({ following }: Followed, base: number, epoch?: string): Segment {
  const segment: Segment = { epoch, base, frames: [] };
  following.segments.push(segment);
  return segment;
}

function apply(followed: Followed, { version, id }: { version: number; id: string }): void {
  followed.following.segments.at(-1)?.frames.push({ version, id });
  if (version <= followed.highest) return;
  followed.highest = version;
  followed.received(version);
}

/**
 * Messages that a page of the latest messages lacks are sent after it; up to the join's version they belong to the
 * page.
 */
function beyondPage({ following: { segments } }: Followed, version: number): boolean {
  return version > (segments.at(-1)?.base ?? 0);
}

/**
 * Handles a refused join. A missing or forbidden stream is given up; after any other error the client connects again.
 */
function joinRefused(socket: Socket, followed: Followed, type: string | undefined): void {
  if (type !== 'not_found' && type !== 'forbidden') {
    socket.disconnect();
    return;
  }
  followed.following.complete = false;
  begin(followed, 0);
}

export interface FollowerOptions {
  readonly client: string;
  readonly viewer: Person;
  readonly dialectClient: DialectClient;
  readonly streams: readonly Stream[];
}

export function openFollower(desk: Desk, { client, viewer, dialectClient, streams }: FollowerOptions): Follower {
  const followed = new Map<string, Followed>();
  const all: Following[] = [];
  const random = desk.random.fork();
  let socket: Socket | undefined;
  /** Whether the server has admitted the current connection. */
  let connected = false;
  let closed = false;

  /** On the wire an inbox is named without its user. */
  const find = (stream: string) => followed.get(stream === 'inbox' ? `user.${viewer.id}` : stream);

  function connect(): void {
    const mine = openSocket(desk.anyNode(), viewer, dialectClient.namespace, dialectClient.auth(find('inbox')));
    socket = mine;
    connected = false;
    for (const one of followed.values()) one.joined = false;
    const findCurrent = (stream: string) => (socket === mine ? find(stream) : undefined);
    dialectClient.listen(mine, findCurrent);
    const timer = setTimeout(() => reconnect(), CONNECT_TIMEOUT);
    mine.on('connected', () => {
      clearTimeout(timer);
      connected = true;
      for (const one of followed.values()) dialectClient.join(mine, one);
    });
    let over = false;
    const reconnect = () => {
      if (over) return;
      over = true;
      clearTimeout(timer);
      mine.disconnect();
      if (!closed) setTimeout(() => !closed && connect(), random.between(...RECONNECT));
    };
    mine.on('disconnect', reconnect);
    mine.on('connect_error', reconnect);
  }

  function add(stream: Stream): Followed {
    const following: Following = {
      client,
      dialect: dialectClient.dialect,
      stream,
      segments: [],
      complete: true,
      viewer: { id: viewer.id, staff: viewer.staff },
    };
    const received = (version: number) => desk.recordDelivery(viewer, stream, version);
    const one = { following, joined: false, joins: 0, epoch: undefined, highest: 0, received };
    all.push(following);
    followed.set(stream, one);
    return one;
  }

  for (const stream of streams) add(stream);
  connect();

  return {
    followings: all,
    viewer,
    follow(stream) {
      const one = add(stream);
      if (connected && socket?.connected) dialectClient.join(socket, one);
    },
    leave(stream) {
      const one = followed.get(stream);
      if (one === undefined) return;
      one.following.complete = false;
      followed.delete(stream);
      if (connected && socket?.connected) dialectClient.leave(socket, one);
    },
    cursorOf(stream) {
      const one = followed.get(stream);
      return one && (cursorOf(one.following) ?? 0);
    },
    startOver() {
      for (const one of followed.values()) begin(one, 0);
      socket?.disconnect();
    },
    close() {
      closed = true;
      socket?.disconnect();
    },
  };
}
