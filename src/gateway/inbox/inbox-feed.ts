/**
 * The inbox of one user with sockets in this process: the same sequencer as for a ticket, with `seq` in the place of the
 * version and the read model in the place of the log. Signals bring notifications; what they do not bring is read. Unread
 * counts are not a stream: the last one counts, and after anything that may have been missed it is read anew.
 */
import Type from 'typebox';
import { Compile } from 'typebox/compile';
import type { Broker } from '../../broker/port.ts';
import { isStaff, type UserFacts } from '../../domain/user/identity.ts';
import type { InboxHead, InboxSignal, NotificationView, Queries } from '../../projections/queries.ts';
import type { Session } from '../connection/session.ts';
import type { Dialect, Wire } from '../dialects/dialect.ts';
import { createFeed, type FeedOptions, type Filling } from '../feed/feed.ts';
import type { Rooms } from '../rooms.ts';

/** Deep enough to tell a signal of ours from anything else; our own processes fill in the rest. */
const inboxSignal = Compile(
  Type.Unsafe<InboxSignal>(
    Type.Object({
      notifications: Type.Array(Type.Object({ seq: Type.Integer(), internal: Type.Boolean() })),
      head: Type.Object({ seq: Type.Integer(), unread: Type.Integer() }),
    }),
  ),
);

export interface InboxFeed {
  /** Rejects when the inbox cannot be read; the feed is then of no use. */
  readonly opened: Promise<void>;
  /** Kept current by whoever owns the sessions. */
  user: UserFacts;
  /** Replays what came after `lastSeq`, or nothing, and joins. */
  join(session: Session, dialect: Dialect, lastSeq: number | undefined): Promise<void>;
  /** Compares with the read model: finds notifications and counts that no signal brought. */
  compare(): Promise<void>;
  close(): void;
}

export interface InboxFeedParts {
  readonly signals: Broker['signals'];
  readonly queries: Pick<Queries, 'inbox' | 'notificationsAfter'>;
  readonly rooms: Rooms;
  readonly replayLimit: number;
  /** Those whose sockets get the inbox. */
  readonly dialects: readonly Dialect[];
  /** Told of each notification that this user may see. */
  onDelivered(user: UserFacts, notification: NotificationView): void;
}

export function createInboxFeed(owner: UserFacts, parts: InboxFeedParts, options: FeedOptions): InboxFeed {
  const { queries, rooms } = parts;
  const { id } = owner;
  let user = owner;
  let unread: number | undefined;

  const feed = createFeed<NotificationView>(
    {
      versionOf: (notification) => notification.seq,
      subscribe: (notify, seen) =>
        parts.signals.subscribe(['inbox', id], (payload) => {
          if (inboxSignal.Check(payload)) receive(payload, notify, seen);
        }),
      async open() {
        const head = await queries.inbox(user);
        unread = head.unread;
        return head.seq;
      },
      head: async () => (await queries.inbox(user)).seq,
      read,
      deliver(notification) {
        if (!visible(notification)) return;
        broadcast((dialect) => dialect.inbox?.render(notification) ?? []);
        parts.onDelivered(user, notification);
      },
    },
    options,
  );

  function receive(signal: InboxSignal, notify: (one: NotificationView) => void, seen: (seq: number) => void): void {
    for (const notification of signal.notifications) notify(notification);
    seen(signal.head.seq);
    const { read: what } = signal;
    unread = signal.head.unread;
    const count = unread;
    if (what !== undefined) {
      broadcast((dialect) => wires(dialect.inbox?.read('ids' in what ? what : 'all', count)));
    }
    broadcast((dialect) => wires(dialect.inbox?.unread(count)));
  }

  /** Seqs that the user may not see (any more) are left out; how far the answer is complete is known from the head. */
  async function read(after: number, limit: number): Promise<Filling<NotificationView>> {
    const head = await queries.inbox(user);
    const events = await queries.notificationsAfter(user, after, limit);
    const last = events.at(-1)?.seq ?? after;
    return { events, through: events.length < limit ? Math.max(last, head.seq) : last };
  }

  /** A note previewed to someone while they were staff is not for them later. */
  function visible(notification: NotificationView): boolean {
    return !notification.internal || isStaff(user.role);
  }

  function broadcast(render: (dialect: Dialect) => readonly Wire[]): void {
    for (const dialect of parts.dialects) {
      for (const wire of render(dialect)) rooms.send(dialect.namespace, roomOf(dialect), wire);
    }
  }

  function roomOf({ name }: Dialect): string {
    return `${name}:inbox:${id}`;
  }

  function noteUnread(head: InboxHead): void {
    if (head.unread === unread) return;
    unread = head.unread;
    broadcast((dialect) => wires(dialect.inbox?.unread(head.unread)));
  }

  return {
    opened: feed.opened,
    get user() {
      return user;
    },
    set user(facts) {
      user = facts;
    },
    async join(session, dialect, lastSeq) {
      const { inbox } = dialect;
      // Without an inbox of its own a dialect still tells of unread tickets, which the inbox brings.
      if (inbox === undefined) return feed.opened;
      const { socket } = session;
      const enter = (missed: readonly NotificationView[]) => {
        for (const notification of missed) {
          if (!visible(notification)) continue;
          for (const wire of inbox.render(notification)) socket.emit(wire.name, wire.payload);
        }
        void socket.join(roomOf(dialect));
        for (const wire of wires(unread === undefined ? undefined : inbox.unread(unread))) {
          socket.emit(wire.name, wire.payload);
        }
      };
      const arrival = await feed.arrive(lastSeq ?? 'now', parts.replayLimit, session.leaving, enter);
      if (arrival === 'joined') return;
      await feed.arrive('now', parts.replayLimit, session.leaving, (missed, cursor) => {
        const wire = inbox.resync(cursor);
        socket.emit(wire.name, wire.payload);
        enter(missed);
      });
    },
    async compare() {
      const head = await queries.inbox(user);
      noteUnread(head);
      feed.checkHead(head.seq);
    },
    close: () => feed.close(),
  };
}

function wires(wire: Wire | undefined): readonly Wire[] {
  return wire === undefined ? [] : [wire];
}
