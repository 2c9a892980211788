/**
 * The inbox of one user with sockets in this process: the same sequencer as for a ticket, with `seq` in the place of the
 * version and the read model in the place of the log. Signals bring notifications; what they do not bring is read. Which
 * of them are unread is not a stream: the last word counts, and after anything that may have been missed it is read anew.
 */
import Type from 'typebox';
import { Compile } from 'typebox/compile';
import type { Broker } from '../../broker/port.ts';
import { isStaff, type UserFacts } from '../../domain/user/identity.ts';
import type { InboxHead, InboxSignal, NotificationView, Queries } from '../../projections/queries/queries.ts';
import type { Session } from '../connection/client.ts';
import { createFeed, type FeedOptions, type Filling } from '../delivery/catch-up-subscription.ts';
import type { Break } from '../delivery/memberships.ts';
import type { Rooms } from '../delivery/rooms.ts';
import type { Dialect, UnreadCounts, Wire } from '../dialects/dialect.ts';
import { createUnreadOnes } from './unread-ones.ts';

/** Deep enough to tell a signal of ours from anything else; our own processes fill in the rest. */
const inboxSignal = Compile(
  Type.Unsafe<InboxSignal>(
    Type.Object({
      notifications: Type.Array(Type.Object({ seq: Type.Integer(), internal: Type.Boolean() })),
      head: Type.Object({ seq: Type.Integer(), unread: Type.Integer(), unseen: Type.Integer() }),
    }),
  ),
);

export interface InboxRequest {
  /** The last seq seen; without it, nothing is replayed. */
  readonly after: number | undefined;
  /** Whether what was seen includes internal notes, when the client was told so. */
  readonly internal?: boolean | undefined;
  /** What keeps it from going on after that seq, when that is known already. */
  readonly broken?: Break | undefined;
}

/** Where a socket stands when it has joined. */
export interface InboxArrival {
  /** The last seq that the replay brings. */
  readonly seq: number;
  readonly recovered: boolean;
  /** Set when a seq was given and it was not gone on from. */
  readonly broken: Break | undefined;
  readonly internal: boolean;
  readonly wires: readonly Wire[];
}

export interface InboxFeed {
  /** Rejects when the inbox cannot be read; the feed is then of no use. */
  readonly opened: Promise<void>;
  /** Kept current by whoever owns the sessions. */
  user: UserFacts;
  /** `welcome` sends what the socket is to hear first; it is called in the tick of the entry. */
  join(
    session: Session,
    dialect: Dialect,
    request: InboxRequest,
    welcome: (arrival: InboxArrival) => void,
  ): Promise<void>;
  leave(session: Session, dialect: Dialect): void;
  /** Compares with the read model: finds notifications and counts that no signal brought. */
  compare(): Promise<void>;
  close(): void;
}

export interface InboxFeedParts {
  readonly signals: Broker['signals'];
  readonly queries: Pick<Queries, 'inbox' | 'unreadNotifications' | 'notificationsAfter'>;
  readonly rooms: Rooms;
  readonly replayLimit: number;
  readonly now: () => number;
  /** Those whose sockets get the inbox. */
  readonly dialects: readonly Dialect[];
  /** Told of each notification that this user may see. */
  onDelivered(user: UserFacts, notification: NotificationView): void;
  onError(error: unknown): void;
}

export function createInboxFeed(owner: UserFacts, parts: InboxFeedParts, options: FeedOptions): InboxFeed {
  const { queries, rooms, replayLimit } = parts;
  const { id } = owner;
  let user = owner;
  let counts: UnreadCounts | undefined;
  /** Those who are told which notifications are unread. */
  const told = new Set<Session>();

  const feed = createFeed<NotificationView>(
    {
      versionOf: (notification) => notification.seq,
      subscribe: (notify, seen) =>
        parts.signals.subscribe(['inbox', id], (payload) => {
          if (inboxSignal.Check(payload)) receive(payload, notify, seen);
        }),
      async open() {
        const head = await queries.inbox(user);
        counts = head;
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

  const unreadOnes = createUnreadOnes({
    ...{ queries, feed, limit: replayLimit, now: parts.now, onError: parts.onError },
    user: () => user,
    tell: (ones) => broadcast(({ inbox }) => wires(inbox?.unreadOnes?.(ones))),
  });

  function receive(signal: InboxSignal, notify: (one: NotificationView) => void, seen: (seq: number) => void): void {
    for (const notification of signal.notifications) notify(notification);
    seen(signal.head.seq);
    const { read: what, seen: looked, head } = signal;
    const added = signal.notifications.filter(({ read }) => !read).length;
    // Counts that do not follow from those before tell of a reading whose own signal was lost.
    const follows = head.unread === (counts?.unread ?? 0) + added && head.unseen === (counts?.unseen ?? 0) + added;
    if (what !== undefined || !follows) readingChanged();
    counts = head;
    if (what !== undefined) broadcast(({ inbox }) => wires(inbox?.read?.('ids' in what ? what : 'all', head.unread)));
    if (looked !== undefined) broadcast(({ inbox }) => wires(inbox?.seen?.(looked.upToSeq, head)));
    broadcast(({ inbox }) => wires(inbox?.unread?.(head)));
  }

  function readingChanged(): void {
    if (told.size > 0) unreadOnes.changed();
  }

  /** Seqs that the user may not see (any more) are left out; how far the answer is complete is known from the head. */
  async function read(after: number, limit: number): Promise<Filling<NotificationView>> {
    const head = await queries.inbox(user);
    const events = await queries.notificationsAfter(user, after, limit);
    const last = events.at(-1)?.seq ?? after;
    // Whoever missed a notification may have missed a reading.
    readingChanged();
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
    if (head.unread === counts?.unread && head.unseen === counts.unseen) return;
    counts = head;
    broadcast(({ inbox }) => wires(inbox?.unread?.(head)));
    readingChanged();
  }

  /** Resolves with what was in the way of the entry, or undefined. */
  async function enter(
    session: Session,
    dialect: Dialect,
    { after, internal, broken }: InboxRequest,
    welcome: (arrival: InboxArrival) => void,
  ): Promise<Break | undefined> {
    let mismatch = false;
    const arrival = await feed.arrive(after ?? 'now', replayLimit, session.leaving, (missed, seq) => {
      const staff = isStaff(user.role);
      // What was seen before is of somebody who was told less, or more.
      mismatch = internal !== undefined && internal !== staff;
      if (mismatch) return;
      const wires = missed.filter(visible).flatMap((notification) => dialect.inbox?.render(notification) ?? []);
      welcome({ seq, recovered: after !== undefined, broken, internal: staff, wires });
      void session.socket.join(roomOf(dialect));
      const count = counts === undefined ? undefined : dialect.inbox?.unread?.(counts);
      if (count !== undefined) session.socket.emit(count.name, count.payload);
      if (dialect.inbox?.unreadOnes === undefined) return;
      told.add(session);
      session.leaving.addEventListener('abort', () => told.delete(session), { once: true });
      readingChanged();
    });
    if (arrival === 'joined') return mismatch ? 'access' : undefined;
    return arrival === 'too_old' ? 'too_old' : 'epoch';
  }

  return {
    opened: feed.opened,
    get user() {
      return user;
    },
    set user(facts) {
      const changed = isStaff(user.role) !== isStaff(facts.role);
      user = facts;
      if (changed) broadcast(({ inbox }) => wires(inbox?.viewChanged?.(feed.cursor)));
    },
    async join(session, dialect, request, welcome) {
      const broken = request.broken ?? (await enter(session, dialect, request, welcome));
      if (broken !== undefined) await enter(session, dialect, { after: undefined, broken }, welcome);
    },
    leave(session, dialect) {
      void session.socket.leave(roomOf(dialect));
      if (dialect.inbox?.unreadOnes !== undefined) told.delete(session);
    },
    async compare() {
      const head = await queries.inbox(user);
      noteUnread(head);
      feed.checkHead(head.seq);
      if (unreadOnes.owing) readingChanged();
    },
    close: () => feed.close(),
  };
}

function wires(wire: Wire | undefined): readonly Wire[] {
  return wire === undefined ? [] : [wire];
}
