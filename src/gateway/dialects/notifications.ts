/** `/notifications`: the inbox, as seeds A and D speak it. Source: PROTOCOL.md section 3. */
import Type from 'typebox';
import { readAllNotifications, readNotifications } from '../../application/notifications.ts';
import { IdField, LIMITS, VersionField } from '../../application/schemas.ts';
import { seedId } from '../../domain/seed-id.ts';
import { callerOf, send } from '../toolbox.ts';
import { notificationWire } from '../wire.ts';
import { commonRequests } from './common.ts';
import { type Call, type Dialect, type InboxDialect, request } from './dialect.ts';

const inbox: InboxDialect = {
  render(notification) {
    const payload = notificationWire(notification);
    const everyone = { name: 'notification:new', payload };
    return notification.event === null ? [everyone] : [{ name: notification.event, payload }, everyone];
  },
  unread: (count) => ({ name: 'unread-count', payload: { count } }),
  read: (what, count) =>
    what === 'all'
      ? { name: 'marked-all-as-read', payload: { count } }
      : { name: 'marked-as-read', payload: { notificationIds: what.ids, count } },
  resync: (seq) => ({ name: 'resync', payload: { lastSeq: seq } }),
};

const notificationIds = Type.Array(IdField, { minItems: 1, maxItems: LIMITS.notificationIds });
const strict = { additionalProperties: false };

/** Milliseconds that an answer waits for the read model to know of what was just read. */
const COUNT_WAIT = 2_000;

async function unreadAfter({ session, tools }: Call, position: number): Promise<number> {
  if (position > 0) await tools.waiter.waitFor(position, COUNT_WAIT);
  else await tools.services.settle();
  return (await tools.services.queries.inbox(session.user)).unread;
}

export const notifications: Dialect = {
  name: 'notifications',
  namespace: '/notifications',
  inbox,
  greeting: (user) => ({
    message: 'Successfully connected',
    userId: seedId(user.id),
    role: user.role,
    name: user.name,
  }),
  requests: {
    ...commonRequests,
    'get-unread-count': request(Type.Object({}, strict), async (call) => {
      const count = await unreadAfter(call, 0);
      send(call, inbox.unread(count));
      return { count };
    }),
    'mark-as-read': request(Type.Object({ notificationIds }, strict), async (call, payload) => {
      const done = await readNotifications(call.tools.services, callerOf(call), payload.notificationIds);
      const count = await unreadAfter(call, done.position);
      // Nothing was recorded, so no signal comes; whoever asked still gets the event that they wait for.
      if (done.position === 0) send(call, inbox.read({ ids: payload.notificationIds }, count));
      return { notificationIds: payload.notificationIds, count };
    }),
    'mark-all-as-read': request(
      Type.Object({ upToSeq: Type.Optional(VersionField) }, strict),
      async (call, { upToSeq }) => {
        const done = await readAllNotifications(call.tools.services, callerOf(call), upToSeq);
        const count = await unreadAfter(call, done.position);
        if (done.position === 0) send(call, inbox.read('all', count));
        return { count };
      },
    ),
  },
};
