/**
 * The live inbox of one user with clients in this process. It uses the same subscription as a ticket, with `seq`
 * instead of the version and the read model instead of the log. Inbox signals carry notifications. Missing
 * notifications are read from the read model.
 *
 * The set of unread notifications is no stream: only its latest state counts. It is read again when a signal may have
 * been lost.
 */
import Type from 'typebox';
import { Compile } from 'typebox/compile';
import type { Application } from '../../application/application.ts';
import { getInboxHead, listNotificationsAfter } from '../../application/notifications.ts';
import type { Broker } from '../../broker/port.ts';
import type { InboxHead, InboxSignal, NotificationView, WordedNotification } from '../../domain/notification/inbox.ts';
import { isStaff, type UserFacts } from '../../domain/user/identity.ts';
import type { Client } from '../connection/client.ts';
import {
  createCatchUpSubscription,
  type LogRead,
  type SubscriptionOptions,
} from '../delivery/catch-up-subscription.ts';
import type { SocketRooms } from '../delivery/socket-rooms.ts';
import type { Dialect, Wire } from '../dialects/dialect.ts';
import type { Break, InboxArrival, InboxRequest } from '../dialects/joining.ts';
import { createInboxUnreadSender } from './inbox-unread-sender.ts';

/** Checks the fields that tell an inbox signal from other signals: only our own processes send them. */
const inboxSignal = Compile(
  Type.Unsafe<InboxSignal>(
    Type.Object({
      notifications: Type.Array(Type.Object({ seq: Type.Integer(), internal: Type.Boolean() })),
      head: Type.Object({ seq: Type.Integer(), unread: Type.Integer(), unseen: Type.Integer() }),
    }),
  ),
);

export interface LiveInbox {
  /** Rejects when the inbox cannot be read. The live inbox is then useless. */
  readonly opened: Promise<void>;
  /** The inbox's user. `Inboxes` sets it when the user changes. */
  user: UserFacts;
  /** `welcome` sends the replay to the client. It is called in the tick in which the client joins. */
  join(
    client: Client,
    dialect: Dialect,
    request: InboxRequest,
    welcome: (arrival: InboxArrival) => void,
  ): Promise<void>;
  leave(client: Client, dialect: Dialect): void;
  /** Reads the head from the read model, and then the notifications and counts whose signals were lost. */
  compare(): Promise<void>;
  close(): void;
}

export interface LiveInboxDeps {
  readonly signals: Broker['signals'];
  readonly application: Application;
  readonly rooms: SocketRooms;
  readonly replayLimit: number;
  readonly now: () => number;
  /** The dialects that have an inbox. */
  readonly dialects: readonly Dialect[];
  /** Called for each delivered notification that this user may see. */
  onDelivered(user: UserFacts, notification: NotificationView): void;
  onError(error: unknown): void;
}

export function createLiveInbox(owner: UserFacts, deps: LiveInboxDeps, options: SubscriptionOptions): LiveInbox {
  const { application, rooms, replayLimit } = deps;
  const { id } = owner;
  let user = owner;
  let counts: InboxHead | undefined;
  /** The clients that receive the set of unread notifications. */
  const unreadFollowers = new Set<Client>();

  const subscription = createCatchUpSubscription<NotificationView>(
    {
      versionOf: (notification) => notification.seq,
      subscribe: (notify, seen) =>
        deps.signals.subscribe(['inbox', id], (payload) => {
          if (inboxSignal.Check(payload)) receive(payload, notify, seen);
        }),
      async open() {
        const head = await getInboxHead(application, user);
        counts = head;
        return head.seq;
      },
      head: async () => (await getInboxHead(application, user)).seq,
      read,
      deliver(notification) {
        if (!visible(notification)) return;
        const worded = word(notification);
        broadcast((dialect) => dialect.inbox?.render(worded) ?? []);
        deps.onDelivered(user, notification);
      },
    },
    options,
  );

  const unreadSender = createInboxUnreadSender({
    application,
    subscription,
    limit: replayLimit,
    now: deps.now,
    onError: deps.onError,
    user: () => user,
    send: (unread) => broadcast(({ inbox }) => wires(inbox?.unreadSet?.(unread))),
  });

  function receive(signal: InboxSignal, notify: (one: NotificationView) => void, seen: (seq: number) => void): void {
    for (const notification of signal.notifications) notify(notification);
    seen(signal.head.seq);
    const { read: what, seen: marked, head } = signal;
    const added = signal.notifications.filter(({ read }) => !read).length;
    // If the counts do not follow from the counts before, a signal that notifications were read was lost.
    const follows = head.unread === (counts?.unread ?? 0) + added && head.unseen === (counts?.unseen ?? 0) + added;
    const left = takeHead(head);
    if (what !== undefined || left || !follows) readingChanged();
    if (what !== undefined) broadcast(({ inbox }) => wires(inbox?.read?.('ids' in what ? what : 'all', head.unread)));
    // What left the inbox may be on screen. Those who follow it load it again.
    if (left) viewChanged();
    if (marked !== undefined) broadcast(({ inbox }) => wires(inbox?.seen?.(marked.upToSeq, head)));
    broadcast(({ inbox }) => wires(inbox?.unread?.(head)));
  }

  /** True when notifications left the inbox. Their number grows only: a signal that comes late has an older one. */
  function takeHead(head: InboxHead): boolean {
    const known = removedNow();
    // Processes of an earlier version send no number.
    const removed = Math.max(head.removed || 0, known);
    const left = counts !== undefined && removed > known;
    counts = { ...head, removed };
    return left;
  }

  function viewChanged(): void {
    broadcast(({ inbox }) => wires(inbox?.viewChanged?.(subscription.cursor)));
  }

  function readingChanged(): void {
    if (unreadFollowers.size > 0) unreadSender.changed();
  }

  /**
   * The query skips notifications that the user may not see, so the head says up to which seq the result is complete.
   */
  async function read(after: number, limit: number): Promise<LogRead<NotificationView>> {
    const head = await getInboxHead(application, user);
    const events = await listNotificationsAfter(application, user, after, limit);
    const last = events.at(-1)?.seq ?? after;
    // If notifications were missed, a signal that others were read may have been missed, too.
    readingChanged();
    return { events, through: events.length < limit ? Math.max(last, head.seq) : last };
  }

  /** Previews of internal notes are for staff, and the user may be staff no longer. */
  function visible(notification: NotificationView): boolean {
    return !notification.internal || isStaff(user.role);
  }

  function word(notification: NotificationView): WordedNotification {
    return application.texts.word(notification, user.locale);
  }

  function broadcast(render: (dialect: Dialect) => readonly Wire[]): void {
    for (const dialect of deps.dialects) {
      for (const wire of render(dialect)) rooms.send(dialect.namespace, roomOf(dialect), wire);
    }
  }

  function roomOf({ name }: Dialect): string {
    return `${name}:inbox:${id}`;
  }

  function updateCounts(head: InboxHead): void {
    const before = counts;
    const left = takeHead(head);
    if (left) viewChanged();
    else if (head.unread === before?.unread && head.unseen === before.unseen) return;
    broadcast(({ inbox }) => wires(inbox?.unread?.(head)));
    readingChanged();
  }

  /** Resolves with the reason why the client could not join, or undefined. */
  async function enter(
    client: Client,
    dialect: Dialect,
    { after, internal, removed, broken }: InboxRequest,
    welcome: (arrival: InboxArrival) => void,
  ): Promise<Break | undefined> {
    let mismatch = false;
    await subscription.opened;
    // The signal of a removal may be lost or late, and the client has loaded the inbox since.
    if (removed !== undefined && removed > removedNow()) await compare();
    const before = removedNow();
    const arrival = await subscription.arrive(after ?? 'now', replayLimit, client.leaving, (missed, seq) => {
      const staff = isStaff(user.role);
      // The client's own state was loaded with an access that has changed since.
      mismatch = internal !== undefined && internal !== staff;
      // Notifications that the client has, or that were read for it just now, may have left the inbox.
      mismatch ||= after !== undefined && [removed ?? before, before].some((known) => known !== removedNow());
      if (mismatch) return;
      const wires = missed.filter(visible).flatMap((one) => dialect.inbox?.render(word(one)) ?? []);
      welcome({ seq, recovered: after !== undefined, broken, internal: staff, removed: removedNow(), wires });
      void client.socket.join(roomOf(dialect));
      const count = counts === undefined ? undefined : dialect.inbox?.unread?.(counts);
      if (count !== undefined) client.send(count);
      if (dialect.inbox?.unreadSet === undefined) return;
      unreadFollowers.add(client);
      client.leaving.addEventListener('abort', () => unreadFollowers.delete(client), { once: true });
      readingChanged();
    });
    if (arrival === 'joined') return mismatch ? 'access' : undefined;
    return arrival === 'too_old' ? 'too_old' : 'epoch';
  }

  function removedNow(): number {
    return counts?.removed ?? 0;
  }

  async function compare(): Promise<void> {
    const head = await getInboxHead(application, user);
    updateCounts(head);
    subscription.checkHead(head.seq);
    if (unreadSender.pending) readingChanged();
  }

  return {
    opened: subscription.opened,
    get user() {
      return user;
    },
    set user(facts) {
      const changed = isStaff(user.role) !== isStaff(facts.role);
      user = facts;
      if (changed) viewChanged();
    },
    async join(client, dialect, request, welcome) {
      const broken = request.broken ?? (await enter(client, dialect, request, welcome));
      if (broken !== undefined) await enter(client, dialect, { after: undefined, broken }, welcome);
    },
    leave(client, dialect) {
      void client.socket.leave(roomOf(dialect));
      if (dialect.inbox?.unreadSet !== undefined) unreadFollowers.delete(client);
    },
    compare,
    close: () => subscription.close(),
  };
}

function wires(wire: Wire | undefined): readonly Wire[] {
  return wire === undefined ? [] : [wire];
}
