/** `/notifications`: the inbox, the dialect of seeds A and D. Source: docs/protocol.md section 3. */
import Type from 'typebox';
import {
  getInboxHead,
  markAllNotificationsRead,
  markInboxSeen,
  markNotificationsRead,
} from '../../application/notifications.ts';
import { IdField, VersionField } from '../../contract/fields.ts';
import { LIMITS } from '../../contract/limits.ts';
import {
  announcedWire,
  unreadCountsWire as countsWire,
  AnnouncedNotification as notification,
} from '../../contract/notification.ts';
import { closed, count, oneOf, text } from '../../contract/schema.ts';
import type { InboxHead } from '../../domain/notification/inbox.ts';
import type { NotificationEventName } from '../../domain/notification/rules.ts';
import { seedId } from '../../domain/seed-id.ts';
import type { Dialect, InboxTable, UnreadCounts, Wire } from './dialect.ts';
import { after, epoch } from './fields.ts';
import type { InboxArrival } from './joining.ts';
import { type Call, callerOf, request } from './request.ts';

const inbox = {
  onConnect: true,
  render(notification) {
    const payload = announcedWire(notification);
    const everyone = { name: 'notification:new', payload };
    return notification.event === null ? [everyone] : [{ name: notification.event, payload }, everyone];
  },
  unread: (counts: UnreadCounts): Wire => ({ name: 'unread-count', payload: countsWire(counts) }),
  read: (what: { readonly ids: readonly string[] } | 'all', count: number): Wire =>
    what === 'all'
      ? { name: 'marked-all-as-read', payload: { count } }
      : { name: 'marked-as-read', payload: { notificationIds: what.ids, count } },
  seen: (upToSeq: number, counts: UnreadCounts): Wire => ({
    name: 'marked-all-as-seen',
    payload: { upToSeq, ...countsWire(counts) },
  }),
  broken: ({ seq, broken }: InboxArrival): Wire => ({ name: 'resync', payload: { lastSeq: seq, reason: broken } }),
} satisfies InboxTable;

const named: Readonly<Record<NotificationEventName, typeof notification>> = {
  'support:ticket:created': notification,
  'support:ticket:updated': notification,
  'support:ticket:resolved': notification,
  'support:ticket:deleted': notification,
  'support:ticket:assigned': notification,
  'support:message:new': notification,
};

const events: Dialect['events'] = {
  ...named,
  'notification:new': notification,
  'unread-count': closed({ count, unseen: count }),
  'marked-as-read': closed({ notificationIds: Type.Array(text), count }),
  'marked-all-as-read': closed({ count }),
  'marked-all-as-seen': closed({ upToSeq: count, count, unseen: count }),
  resync: closed({ lastSeq: count, reason: oneOf(['too_old', 'epoch']) }),
};

const notificationIds = Type.Array(IdField, { minItems: 1, maxItems: LIMITS.notificationIds });
const counted = Type.Object({ count });
const countedBoth = Type.Object({ count, unseen: count });
const upToSeqOrAll = Type.Object({ upToSeq: Type.Optional(VersionField) }, { additionalProperties: false });
const strict = { additionalProperties: false };

/** Milliseconds that an answer waits for the read model to contain the command's event. */
const COUNT_WAIT = 2_000;

async function headAfter({ client, context }: Call, position: number): Promise<InboxHead> {
  if (position > 0) await context.waitFor(position, COUNT_WAIT);
  else await context.application.settle();
  return getInboxHead(context.application, client.user);
}

export const notifications: Dialect = {
  name: 'notifications',
  namespace: '/notifications',
  handshake: { lastSeq: Type.Optional(after), epoch: Type.Optional(epoch) },
  events,
  inbox,
  greeting: (user) => ({
    message: 'Successfully connected',
    userId: seedId(user.id),
    role: user.role,
    name: user.name,
  }),
  requests: {
    'get-unread-count': request(
      Type.Object({}, strict),
      async (call) => {
        const head = await headAfter(call, 0);
        call.client.send(inbox.unread(head));
        return countsWire(head);
      },
      countedBoth,
    ),
    'mark-as-read': request(
      Type.Object({ notificationIds }, strict),
      async (call, payload) => {
        const done = await markNotificationsRead(call.context.application, callerOf(call), payload.notificationIds);
        const { unread: count } = await headAfter(call, done.position);
        // Nothing was recorded, so no signal comes, and the client waits for the event.
        if (done.position === 0) call.client.send(inbox.read({ ids: payload.notificationIds }, count));
        return { notificationIds: payload.notificationIds, count };
      },
      Type.Object({ notificationIds: Type.Array(text), count }),
    ),
    'mark-all-as-read': request(
      upToSeqOrAll,
      async (call, { upToSeq }) => {
        const done = await markAllNotificationsRead(call.context.application, callerOf(call), upToSeq);
        const { unread: count } = await headAfter(call, done.position);
        if (done.position === 0) call.client.send(inbox.read('all', count));
        return { count };
      },
      counted,
    ),
    'mark-all-as-seen': request(
      upToSeqOrAll,
      async (call, { upToSeq }) => {
        const done = await markInboxSeen(call.context.application, callerOf(call), upToSeq);
        const head = await headAfter(call, done.position);
        if (done.position === 0) call.client.send(inbox.seen(Math.min(upToSeq ?? head.seq, head.seq), head));
        return countsWire(head);
      },
      countedBoth,
    ),
  },
};
