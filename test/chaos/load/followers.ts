/**
 * Clients that follow streams for the whole run, each on one connection at a time: when it ends they go on after their cursor,
 * on whichever node they find. They apply what they are sent without a second look, and write it down: it is the checker's to
 * say whether that was right. When they are told to load afresh, they begin a new segment.
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
  /** What was applied so far stays as it is. */
  leave(stream: Stream): void;
  /** The last version applied; undefined when it does not follow that. */
  cursorOf(stream: string): number | undefined;
  /** Begins everything afresh, as somebody who was told by other means. */
  startOver(): void;
  close(): void;
}

/** One way to be told of streams. */
interface Tongue {
  readonly dialect: Dialect;
  readonly namespace: string;
  /** What to say when connecting. */
  auth(followed: Followed | undefined): object;
  /** Asks to be told of one stream, from its cursor on. */
  join(socket: Socket, followed: Followed): void;
  leave(socket: Socket, followed: Followed): void;
  /** Hears what the server says. */
  listen(socket: Socket, find: (stream: string) => Followed | undefined): void;
}

interface Followed {
  readonly following: Following;
  /** That it was told last. */
  epoch: string | undefined;
  /** The highest version it ever had: what it has for the first time is beyond. */
  highest: number;
  /** Told of that. */
  heard(version: number): void;
  /** Whether what is sent now is of the subscription that there is. */
  joined: boolean;
  /** Counts them: of answers that are under way, only that to the last counts. */
  joins: number;
}

/** Milliseconds that a connection has to be let in. */
const GREETING_PATIENCE = 2_500;
/** Milliseconds from the end of a connection to the next. */
const RECONNECT: readonly [number, number] = [20, 120];

export function cursorOf({ segments }: Following): number | undefined {
  const last = segments.at(-1);
  return last && (last.frames.at(-1)?.version ?? last.base);
}

/** As docs/protocol.md section 7 tells it. */
const streamTongue: Tongue = {
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
      if (!answer?.success) return lost(socket, followed, answer?.error.type);
      // A resync follows, and says where to begin; what was applied so far is of the epoch that it was.
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
      // What is only said, and not kept, has no place of its own in the stream.
      if (followed?.joined && event.id !== null) apply(followed, event);
    });
    socket.on('resync', ({ stream, reason, version }: Payload) => {
      const followed = find(stream === 'inbox' ? 'inbox' : stream.replace(':', '.'));
      if (followed === undefined) return;
      begin(followed, reason === 'too_old' ? version : 0, followed.epoch);
      streamTongue.join(socket, followed);
    });
  },
};

/** As docs/protocol.md section 5 tells it. */
const chatTongue: Tongue = {
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
      if (!answer?.success) lost(socket, followed, answer?.error.type);
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

/** As docs/protocol.md section 3 tells it: the inbox comes by itself, from `lastSeq` on. */
const notificationsTongue: Tongue = {
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

export const TONGUES = { stream: streamTongue, chat: chatTongue, notifications: notificationsTongue } as const;

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
  followed.heard(version);
}

/** What a page of the latest messages did not have yet is sent behind it, and belongs to it: up to the version of the join. */
function beyondPage({ following: { segments } }: Followed, version: number): boolean {
  return version > (segments.at(-1)?.base ?? 0);
}

/** A stream that is gone is gone, with what was known of it; for everything else the next connection may do better. */
function lost(socket: Socket, followed: Followed, type: string | undefined): void {
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
  readonly tongue: Tongue;
  readonly streams: readonly Stream[];
}

export function openFollower(desk: Desk, { client, viewer, tongue, streams }: FollowerOptions): Follower {
  const followed = new Map<string, Followed>();
  const all: Following[] = [];
  const random = desk.random.fork();
  let socket: Socket | undefined;
  /** Whether the connection that there is was let in. */
  let greeted = false;
  let closed = false;

  /** An inbox is spoken of without its user. */
  const find = (stream: string) => followed.get(stream === 'inbox' ? `user.${viewer.id}` : stream);

  function connect(): void {
    const mine = openSocket(desk.anyNode(), viewer, tongue.namespace, tongue.auth(find('inbox')));
    socket = mine;
    greeted = false;
    for (const one of followed.values()) one.joined = false;
    const mineOnly = (stream: string) => (socket === mine ? find(stream) : undefined);
    tongue.listen(mine, mineOnly);
    const patience = setTimeout(() => again(), GREETING_PATIENCE);
    mine.on('connected', () => {
      clearTimeout(patience);
      greeted = true;
      for (const one of followed.values()) tongue.join(mine, one);
    });
    let over = false;
    const again = () => {
      if (over) return;
      over = true;
      clearTimeout(patience);
      mine.disconnect();
      if (!closed) setTimeout(() => !closed && connect(), random.between(...RECONNECT));
    };
    mine.on('disconnect', again);
    mine.on('connect_error', again);
  }

  function add(stream: Stream): Followed {
    const following: Following = {
      ...{ client, dialect: tongue.dialect, stream, segments: [], complete: true },
      viewer: { id: viewer.id, staff: viewer.staff },
    };
    const heard = (version: number) => desk.heard(stream, version);
    const one = { following, joined: false, joins: 0, epoch: undefined, highest: 0, heard };
    all.push(following);
    followed.set(stream, one);
    return one;
  }

  for (const stream of streams) add(stream);
  connect();

  return {
    followings: all,
    follow(stream) {
      const one = add(stream);
      if (greeted && socket?.connected) tongue.join(socket, one);
    },
    leave(stream) {
      const one = followed.get(stream);
      if (one === undefined) return;
      one.following.complete = false;
      followed.delete(stream);
      if (greeted && socket?.connected) tongue.leave(socket, one);
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
