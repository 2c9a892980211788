/** A user's inbox over HTTP, and the route by which services and admins send durable notifications. */
import Type from 'typebox';
import type { Application } from '../../application/application.ts';
import {
  getInboxHead,
  listNotifications,
  markAllNotificationsRead,
  markInboxSeen,
  markNotificationsRead,
  sendNotification,
} from '../../application/notifications.ts';
import { CursorField, PageSizeField, roleIn } from '../../contract/fields.ts';
import {
  MarkNotificationsReadBody,
  NotificationPage,
  NotificationSent,
  NotificationsRead,
  notificationWire,
  SendNotificationBody,
  UnreadCounts,
  UpToSeqBody,
  unreadCountsWire,
} from '../../contract/notification.ts';
import { DeskwireError } from '../../domain/errors.ts';
import type { App } from '../app.ts';
import { sendInboxEpoch } from '../plugins/read-your-writes.ts';
import { callerOf, setPositionHeader, userOf } from '../requests.ts';

const tags = ['Notifications'];

const ListQuery = Type.Object(
  {
    unread: Type.Optional(Type.Boolean()),
    cursor: Type.Optional(CursorField),
    limit: Type.Optional(PageSizeField),
  },
  { additionalProperties: false },
);

export function notificationRoutes(app: App, application: Application): void {
  app.get(
    '/api/v1/notifications',
    {
      schema: {
        tags,
        summary: 'List your notifications',
        querystring: ListQuery,
        response: { 200: NotificationPage },
      },
    },
    async (request, reply) => {
      const { limit = 50, ...options } = request.query;
      // Before the list: what leaves meanwhile gives the inbox another epoch, and its follower another load.
      sendInboxEpoch(reply, (await getInboxHead(application, userOf(request))).removed);
      const page = await listNotifications(application, userOf(request), { limit, ...options });
      return { items: page.items.map(notificationWire), nextCursor: page.nextCursor };
    },
  );

  app.get(
    '/api/v1/notifications/unread-count',
    { schema: { tags, summary: 'Count your unread notifications', response: { 200: UnreadCounts } } },
    async (request, reply) => {
      const head = await getInboxHead(application, userOf(request));
      sendInboxEpoch(reply, head.removed);
      return unreadCountsWire(head);
    },
  );

  app.post(
    '/api/v1/notifications/read',
    {
      schema: {
        tags,
        summary: 'Mark notifications as read',
        description: 'Ids that are not yours change nothing.',
        body: MarkNotificationsReadBody,
        response: { 200: NotificationsRead },
      },
    },
    async (request, reply) => {
      const { ids } = request.body;
      setPositionHeader(reply, await markNotificationsRead(application, callerOf(request), ids));
      await application.settle();
      const { unread } = await getInboxHead(application, userOf(request));
      return { notificationIds: ids, count: unread };
    },
  );

  app.post(
    '/api/v1/notifications/read-all',
    {
      schema: {
        tags,
        summary: 'Mark all notifications as read',
        description: 'All, or those up to a seq.',
        body: UpToSeqBody,
        response: { 200: UnreadCounts },
      },
    },
    async (request, reply) => {
      setPositionHeader(reply, await markAllNotificationsRead(application, callerOf(request), request.body.upToSeq));
      await application.settle();
      return unreadCountsWire(await getInboxHead(application, userOf(request)));
    },
  );

  app.post(
    '/api/v1/notifications/seen',
    {
      schema: {
        tags,
        summary: 'Mark your inbox as seen',
        description: 'All notifications, or those up to a seq. They may remain unread; later ones are unseen.',
        body: UpToSeqBody,
        response: { 200: UnreadCounts },
      },
    },
    async (request, reply) => {
      setPositionHeader(reply, await markInboxSeen(application, callerOf(request), request.body.upToSeq));
      await application.settle();
      return unreadCountsWire(await getInboxHead(application, userOf(request)));
    },
  );

  app.post(
    '/api/v1/notifications',
    {
      config: { problems: [403, 404] },
      schema: {
        tags,
        summary: 'Send a durable notification',
        description: 'For services and admins: to `userIds`, or to everyone active with a `role`.',
        body: SendNotificationBody,
        response: { 201: NotificationSent },
      },
    },
    async (request, reply) => {
      const { userIds, role, ...notification } = request.body;
      const to = recipientsOf(userIds, role);
      const sent = await sendNotification(application, callerOf(request), { ...notification, to });
      setPositionHeader(reply, sent);
      return reply.code(201).send({ recipients: sent.recipients });
    },
  );
}

/** Exactly one of the two must be given. */
function recipientsOf(userIds: readonly string[] | undefined, roleName: string | undefined) {
  if ((userIds === undefined) === (roleName === undefined)) {
    throw new DeskwireError('invalid_payload', 'Name either userIds or a role', { field: 'userIds' });
  }
  if (userIds !== undefined) return { userIds };
  return { role: roleIn(roleName ?? '') };
}
