/** A user's inbox over HTTP, and the way in for machines and admins to send durable notifications. */
import Type from 'typebox';
import { readAllNotifications, readNotifications, sendNotification } from '../../application/notifications.ts';
import {
  CursorField,
  PageSizeField,
  ReadAllNotificationsBody,
  ReadNotificationsBody,
  roleIn,
  SendNotificationBody,
} from '../../application/schemas.ts';
import type { Services } from '../../application/services.ts';
import { DeskwireError } from '../../domain/errors.ts';
import type { NotificationView } from '../../projections/queries.ts';
import {
  NotificationPageAnswer,
  NotificationSentAnswer,
  NotificationsReadAnswer,
  UnreadCountAnswer,
} from '../answers/others.ts';
import type { App } from '../app.ts';
import { callerOf, tellPosition, userOf } from '../requests.ts';

const tags = ['Notifications'];

const ListQuery = Type.Object(
  {
    unread: Type.Optional(Type.Boolean()),
    cursor: Type.Optional(CursorField),
    limit: Type.Optional(PageSizeField),
  },
  { additionalProperties: false },
);

export function notificationRoutes(app: App, services: Services): void {
  app.get(
    '/api/v1/notifications',
    {
      schema: {
        tags,
        summary: 'List your notifications',
        querystring: ListQuery,
        response: { 200: NotificationPageAnswer },
      },
    },
    async (request) => {
      const { limit = 50, ...options } = request.query;
      const page = await services.queries.notifications(userOf(request), { limit, ...options });
      return { items: page.items.map(rendered), nextCursor: page.nextCursor };
    },
  );

  app.get(
    '/api/v1/notifications/unread-count',
    { schema: { tags, summary: 'Count your unread notifications', response: { 200: UnreadCountAnswer } } },
    async (request) => {
      const { unread } = await services.queries.inbox(userOf(request));
      return { count: unread };
    },
  );

  app.post(
    '/api/v1/notifications/read',
    {
      schema: {
        tags,
        summary: 'Mark notifications as read',
        description: 'Ids that are not yours change nothing.',
        body: ReadNotificationsBody,
        response: { 200: NotificationsReadAnswer },
      },
    },
    async (request, reply) => {
      const { ids } = request.body;
      tellPosition(reply, await readNotifications(services, callerOf(request), ids));
      await services.settle();
      const { unread } = await services.queries.inbox(userOf(request));
      return { notificationIds: ids, count: unread };
    },
  );

  app.post(
    '/api/v1/notifications/read-all',
    {
      schema: {
        tags,
        summary: 'Mark all notifications as read',
        description: 'Or those up to a seq.',
        body: ReadAllNotificationsBody,
        response: { 200: UnreadCountAnswer },
      },
    },
    async (request, reply) => {
      tellPosition(reply, await readAllNotifications(services, callerOf(request), request.body.upToSeq));
      await services.settle();
      const { unread } = await services.queries.inbox(userOf(request));
      return { count: unread };
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
        response: { 201: NotificationSentAnswer },
      },
    },
    async (request, reply) => {
      const { userIds, role, ...notification } = request.body;
      const to = recipientsOf(userIds, role);
      const sent = await sendNotification(services, callerOf(request), { ...notification, to });
      tellPosition(reply, sent);
      return reply.code(201).send({ recipients: sent.recipients });
    },
  );
}

/** Exactly one of the two says who is meant. */
function recipientsOf(userIds: readonly string[] | undefined, roleName: string | undefined) {
  if ((userIds === undefined) === (roleName === undefined)) {
    throw new DeskwireError('invalid_payload', 'Name either userIds or a role', { field: 'userIds' });
  }
  if (userIds !== undefined) return { userIds };
  return { role: roleIn(roleName ?? '') };
}

function rendered({ id, seq, event, type, title, message, data, priority, timestamp, read }: NotificationView) {
  return { id, seq, event, type, title, message, data, priority, timestamp, read };
}
