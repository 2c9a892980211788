/** What is answered about users, references, rooms, notifications, sessions and the server itself. */
import { REFERENCE_TYPES } from '../../domain/reference/events.ts';
import { PRIORITIES } from '../../domain/ticket/events.ts';
import { ROLES } from '../../domain/user/identity.ts';
import {
  answer,
  anything,
  count,
  described,
  flag,
  listOf,
  named,
  object,
  oneOf,
  text,
  textOrNull,
  time,
} from './shape.ts';

const nextCursor = described(textOrNull, 'Send it as `cursor` for the next page; null on the last');
const version = described(count, 'Of its stream; also its ETag');

const user = named(
  'User',
  object({ id: text, name: text, role: oneOf(ROLES), active: flag, email: text, vendorId: text, version }, [
    'email',
    'vendorId',
  ]),
);
const room = named(
  'Room',
  object(
    {
      name: text,
      private: flag,
      members: described(listOf(text), 'Who may enter while it is private'),
      version,
      createdAt: time,
      updatedAt: described(time, 'When something last happened in it'),
    },
    ['createdAt', 'updatedAt'],
  ),
);
const notification = named(
  'Notification',
  object({
    id: text,
    seq: described(count, 'Gapless, from 1'),
    event: described(textOrNull, 'The socket event that carries it beside `notification:new`'),
    type: text,
    title: text,
    message: text,
    data: anything,
    priority: oneOf(PRIORITIES),
    timestamp: time,
    read: flag,
  }),
);

export const UserAnswer = answer<unknown>(user, 'The user');
export const UserPageAnswer = answer<unknown>(object({ items: listOf(user), nextCursor }), 'By id');
export const ReferenceAnswer = answer<unknown>(
  named(
    'Reference',
    object({
      type: oneOf(REFERENCE_TYPES),
      id: text,
      name: textOrNull,
      vendorId: described(textOrNull, 'Of a GRN or dispatch: the vendor it belongs to'),
      verifiedBy: described(textOrNull, 'Of a GRN: the ops user who verified it'),
      version,
    }),
  ),
  'The reference',
);
export const RoomAnswer = answer<unknown>(room, 'The room');
export const RoomPageAnswer = answer<unknown>(object({ items: listOf(room), nextCursor }), 'By name');

export const NotificationPageAnswer = answer<unknown>(
  object({ items: listOf(notification), nextCursor }),
  'Newest first',
);
export const UnreadCountsAnswer = answer<unknown>(
  object({
    count: described(count, 'How many are unread'),
    unseen: described(count, 'How many of these came since you last looked'),
  }),
  'How many are unread, and how many of these unseen',
);
export const NotificationsReadAnswer = answer<unknown>(
  object({ notificationIds: listOf(text), count: described(count, 'How many are unread now') }),
  'They are read',
);
export const NotificationSentAnswer = answer<unknown>(object({ recipients: count }), 'It is sent');

export const TokensAnswer = answer<unknown>(
  object({
    access_token: text,
    refresh_token: described(text, 'Good once'),
    token_type: oneOf(['Bearer']),
    expires_in: described(count, 'Seconds until the access token expires'),
    user: object({ id: text, name: text, role: oneOf(ROLES), email: text, vendorId: text }, ['email', 'vendorId']),
  }),
  'You are signed in',
  'Tokens',
);
export const SuccessAnswer = answer<unknown>(object({ success: flag }), 'Done');
export const KeysAnswer = answer<unknown>(object({ keys: listOf(anything) }), 'Public keys, as a JSON Web Key Set');

export const LivenessAnswer = answer<unknown>(object({ status: oneOf(['ok']) }), 'This process lives');
const readiness = object({
  status: oneOf(['ready', 'unavailable']),
  checks: { type: 'object', additionalProperties: oneOf(['ok', 'degraded', 'failed']) },
});
export const ReadyAnswer = answer<unknown>(readiness, 'It can serve');
export const NotReadyAnswer = answer<unknown>(readiness, 'It cannot serve now');
