/**
 * The user's notifications and their unread state, kept current on all of the user's devices. The inbox is followed
 * from the first `on`, `follow` or `ready`, for as long as the client lives.
 */
import { createBackoff, type Pace } from './backoff.ts';
import { createEmitter, type Listenable } from './emitter.ts';
import { createFollower, type Follower, type FollowStatus } from './follower.ts';
import type { Http } from './http.ts';
import type { Link } from './link.ts';
import type { InnerOutbox } from './outbox.ts';
import type { Surroundings } from './surroundings.ts';
import type { Notification, Page, StreamEvent } from './types.ts';

export interface InboxState {
  readonly status: FollowStatus;
  /** Newest first, without a gap: the latest, and as many older ones as `loadOlder` fetched. */
  readonly notifications: readonly Notification[];
  readonly hasOlder: boolean;
  /** Of all notifications, not only those above. */
  readonly unread: number;
  /** Unread notifications that came since this user last opened the inbox (`markSeen`). */
  readonly unseen: number;
}

export interface InboxEvents {
  /** A new notification, once; also one that came while there was no connection. */
  notification: Notification;
  /** The number of unread notifications, whenever it changes. */
  unread: number;
  /** `state` was replaced. */
  change: InboxState;
}

export interface Inbox extends Listenable<InboxEvents> {
  readonly state: InboxState;
  /** Starts to follow the inbox, unless it is followed already. */
  follow(): void;
  /** Resolves once the state is live. */
  ready(): Promise<void>;
  markRead(ids: readonly string[]): Promise<void>;
  /** Marks all of `state`, or all up to a seq, as read. */
  markAllRead(upToSeq?: number): Promise<void>;
  /** Marks all of `state`, or all up to a seq, as seen. Seen notifications may remain unread. */
  markSeen(upToSeq?: number): Promise<void>;
  /** Appends older notifications to `state.notifications`. */
  loadOlder(limit?: number): Promise<void>;
}

interface InboxDeps {
  readonly link: Link;
  readonly http: Http;
  readonly outbox: InnerOutbox;
  readonly surroundings: Surroundings;
  readonly pace: Pace;
}

const PATH = '/api/v1/notifications';
const LATEST = 50;
/**
 * Missed notifications are fetched in pages of this size, up to so many pages. If more were missed, only the latest are
 * loaded.
 */
const PAGE = 100;
const PAGES = 10;

export function createInbox({ link, http, outbox, surroundings, pace }: InboxDeps): Inbox & { close(): void } {
  const events = createEmitter<InboxEvents>();
  let state: InboxState = { status: 'loading', notifications: [], hasOlder: false, unread: 0, unseen: 0 };
  let follower: Follower | undefined;
  let newest: number | undefined;
  /** The cursor of the page after the oldest notification shown; null when there is none. */
  let older: string | null = null;

  function update(changes: Partial<InboxState>): void {
    const { unread } = state;
    state = { ...state, ...changes };
    events.emit('change', state);
    if (state.unread !== unread) events.emit('unread', state.unread);
  }

  function announce(oldestFirst: readonly Notification[]): void {
    const last = newest;
    newest = Math.max(last ?? 0, oldestFirst.at(-1)?.seq ?? 0);
    if (last === undefined) return;
    for (const one of oldestFirst) if (one.seq > last) events.emit('notification', one);
  }

  function apply({ type, id, version, time, data }: StreamEvent): void {
    if (type === 'NotificationReceived' && id !== null) {
      const one: Notification = { ...data, id, seq: version, timestamp: time };
      const more = one.read ? 0 : 1;
      const counts = { unread: state.unread + more, unseen: state.unseen + more };
      update({ notifications: [one, ...state.notifications], ...counts });
      announce([one]);
    }
    if (type === 'NotificationsUnread') {
      // The event counts up to a seq. Later notifications that came while it was counted are unread in addition.
      const later = state.notifications.filter(({ seq, read }) => seq > data.upTo && !read).length;
      const counts = { unread: data.count + later, unseen: data.unseen + later };
      update({ notifications: withUnread(state.notifications, data), ...counts });
    }
  }

  function begin(): Follower {
    follower ??= createFollower({
      link,
      surroundings,
      backoff: createBackoff(pace, surroundings),
      source: {
        stream: 'inbox',
        async load(cursor, broken = 0) {
          const known = cursor === undefined ? undefined : { epoch: cursor.epoch, seq: state.notifications[0]?.seq };
          const loaded = await loadInbox(http, known);
          const { items, unread, unseen } = loaded;
          return {
            // The newest may have left the inbox: what the load has reaches as far as the server said before it.
            version: Math.max(items[0]?.seq ?? 0, broken),
            epoch: loaded.epoch,
            take() {
              const kept = loaded.continues
                ? state.notifications.filter(({ seq }) => seq < (items.at(-1)?.seq ?? 0))
                : [];
              if (!loaded.continues) older = loaded.nextCursor;
              update({ notifications: [...items, ...kept], hasOlder: older !== null, unread, unseen });
              if (newest !== undefined && newest > (items[0]?.seq ?? 0)) newest = items[0]?.seq ?? 0;
              announce(items.toReversed());
            },
          };
        },
        apply,
        clear: () => update({ notifications: [], hasOlder: false, unread: 0, unseen: 0 }),
        statusChanged: (status) => update({ status }),
      },
    });
    return follower;
  }

  return {
    get state() {
      return state;
    },
    follow: () => void begin(),
    ready: () => begin().ready(),
    on(name, listener) {
      const off = events.on(name, listener);
      begin();
      return off;
    },
    async markRead(ids) {
      if (ids.length === 0) return;
      await outbox.enqueue({ lane: 'inbox', kind: 'read', method: 'POST', path: `${PATH}/read`, body: { ids } });
    },
    async markAllRead(upToSeq = state.notifications[0]?.seq) {
      const body = upToSeq === undefined ? {} : { upToSeq };
      await outbox.enqueue({ lane: 'inbox', kind: 'read', method: 'POST', path: `${PATH}/read-all`, body });
    },
    async markSeen(upToSeq = state.notifications[0]?.seq) {
      const body = upToSeq === undefined ? {} : { upToSeq };
      await outbox.enqueue({ lane: 'inbox', kind: 'seen', method: 'POST', path: `${PATH}/seen`, body });
    },
    async loadOlder(limit = LATEST) {
      const from = follower?.cursor;
      const cursor = older;
      if (cursor === null || from === undefined) return;
      const { body, epoch } = await http.request<Page<Notification>>('GET', PATH, { query: { cursor, limit } });
      // The inbox was loaded afresh meanwhile.
      if (older !== cursor || epoch !== follower?.cursor?.epoch) return;
      older = body.nextCursor;
      update({ notifications: [...state.notifications, ...body.items], hasOlder: older !== null });
    },
    close() {
      follower?.close();
      events.clear();
    },
  };
}

interface UnreadRanges {
  readonly from: number;
  readonly upTo: number;
  readonly unread: readonly (readonly [number, number])[];
}

/** Within the range, exactly the seqs in `unread` are unread. */
function withUnread(
  notifications: readonly Notification[],
  { from, upTo, unread }: UnreadRanges,
): readonly Notification[] {
  return notifications.map((one) => {
    if (one.seq < from || one.seq > upTo) return one;
    const read = !unread.some(([first, last]) => first <= one.seq && one.seq <= last);
    return one.read === read ? one : { ...one, read };
  });
}

interface LoadedInbox {
  /** Newest first. */
  readonly items: readonly Notification[];
  readonly nextCursor: string | null;
  readonly unread: number;
  readonly unseen: number;
  /** Whether the items join the known notifications without a gap. */
  readonly continues: boolean;
  readonly epoch: string | undefined;
}

/** `known`: the newest known seq, and its epoch. */
async function loadInbox(
  http: Http,
  known: { readonly epoch: string | undefined; readonly seq: number | undefined } | undefined,
): Promise<LoadedInbox> {
  const [first, count] = await Promise.all([
    http.request<Page<Notification>>('GET', PATH, { query: { limit: LATEST } }),
    http.request<{ count: number; unseen: number }>('GET', `${PATH}/unread-count`),
  ]);
  const { epoch } = first;
  if (epoch !== count.epoch) return loadInbox(http, known);
  const whole = { ...first.body, unread: count.body.count, unseen: count.body.unseen, continues: false, epoch };
  const knownSeq = known?.seq !== undefined && known.epoch === epoch ? known.seq : undefined;
  if (knownSeq === undefined) return whole;
  let items = whole.items;
  let cursor = whole.nextCursor;
  for (let pages = 0; pages < PAGES && (items.at(-1)?.seq ?? 0) > knownSeq + 1; pages += 1) {
    if (cursor === null) return whole;
    const next = await http.request<Page<Notification>>('GET', PATH, { query: { cursor, limit: PAGE } });
    if (next.epoch !== epoch) return loadInbox(http, known);
    items = [...items, ...next.body.items];
    cursor = next.body.nextCursor;
  }
  return (items.at(-1)?.seq ?? 0) > knownSeq + 1 ? whole : { ...whole, items, continues: true };
}
