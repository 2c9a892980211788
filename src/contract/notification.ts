/** Notifications of an inbox. Source: docs/protocol.md section 3. */
import Type, { type Static } from 'typebox';
import type { WordedNotification } from '../domain/notification/inbox.ts';
import { PRIORITIES } from '../domain/priority.ts';
import { IdField, MessageField, PriorityField, RoleField, TitleField, VersionField } from './fields.ts';
import { LIMITS } from './limits.ts';
import { anyObject, closed, count, described, flag, listOf, oneOf, pageOf, text, textOrNull, time } from './schema.ts';

/** As `/notifications` sends it: the name of the event replaces `event`, and other events tell `read`. */
const announced = {
  id: text,
  seq: described(count, 'Gapless, from 1'),
  type: text,
  title: text,
  message: text,
  key: described(textOrNull, 'The text that `title` and `message` are made of; null for words of a sender of the API'),
  params: described(anyObject, 'The parameters of the text'),
  data: anyObject,
  priority: oneOf(PRIORITIES),
  timestamp: time,
};

export const AnnouncedNotification = closed(announced);
export type AnnouncedNotification = Static<typeof AnnouncedNotification>;

export const Notification = closed(
  {
    ...announced,
    event: described(textOrNull, 'The socket event that carries it beside `notification:new`'),
    read: flag,
  },
  { title: 'Notification' },
);
export type Notification = Static<typeof Notification>;

export const NotificationPage = pageOf(Notification, 'Newest first');
export const UnreadCounts = closed(
  {
    count: described(count, 'How many are unread'),
    unseen: described(count, 'How many of these came since you last looked'),
  },
  { description: 'How many are unread, and how many of these unseen' },
);
export type UnreadCounts = Static<typeof UnreadCounts>;
export const NotificationsRead = closed(
  { notificationIds: listOf(text), count: described(count, 'How many are unread now') },
  { description: 'They are read' },
);
export const NotificationSent = closed({ recipients: count }, { description: 'It is sent' });

export function notificationWire(notification: WordedNotification): Notification {
  const { event, read } = notification;
  return { ...announcedWire(notification), event, read };
}

export function announcedWire(notification: WordedNotification): AnnouncedNotification {
  const { id, seq, type, title, message, data, priority, timestamp } = notification;
  return { id, seq, type, title, message, ...textWire(notification), data, priority, timestamp };
}

/** With it, a client may word the notification itself. */
export function textWire(notification: WordedNotification): Pick<AnnouncedNotification, 'key' | 'params'> {
  return notification.key === null ? { key: null, params: {} } : { key: notification.key, params: notification.params };
}

export function unreadCountsWire({
  unread,
  unseen,
}: {
  readonly unread: number;
  readonly unseen: number;
}): UnreadCounts {
  return { count: unread, unseen };
}

const strict = { additionalProperties: false };

export const MarkNotificationsReadBody = Type.Object(
  { ids: Type.Array(IdField, { minItems: 1, maxItems: LIMITS.notificationIds }) },
  strict,
);

/** Without `upToSeq`, all notifications are meant. */
export const UpToSeqBody = Type.Object({ upToSeq: Type.Optional(VersionField) }, strict);

/** The route also checks that there is either `userIds` or `role`. */
export const SendNotificationBody = Type.Object(
  {
    userIds: Type.Optional(Type.Array(IdField, { minItems: 1, maxItems: LIMITS.userIds })),
    role: Type.Optional(RoleField),
    type: Type.String({ pattern: '^[A-Za-z][A-Za-z0-9_.:-]{0,63}$' }),
    title: TitleField,
    message: MessageField,
    data: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
    priority: Type.Optional(PriorityField),
  },
  strict,
);
