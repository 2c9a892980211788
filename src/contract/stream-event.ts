/**
 * Domain events as Deskwire's own protocol shows them: for each type, the data that leaves the server. A client that
 * folds the events has the state of a fresh load. So an event that is shown as a message contains the message.
 * Source: docs/protocol.md section 7.
 */
import Type, { type TProperties, type TSchema } from 'typebox';
import type { DomainEvent, RecordedEvent } from '../domain/event.ts';
import type { WordedNotification } from '../domain/notification/inbox.ts';
import type { RoomEvent } from '../domain/room/events.ts';
import type { TicketEvent } from '../domain/ticket/events.ts';
import {
  type Assignee,
  type TicketChanges as Changes,
  changesIn,
  fieldsAfterOpening,
} from '../domain/ticket/fields.ts';
import { type Message as MessageFacts, messageOf } from '../domain/ticket/message.ts';
import type { Actor } from '../domain/user/identity.ts';
import { Message } from './message.ts';
import { textWire } from './notification.ts';
import { anyJson, anyObject, closed, count, flag, shown, text, textOrNull, time } from './schema.ts';
import { OpenedTicket, priority, TicketChanges } from './ticket.ts';
import { actor, role } from './user.ts';

/** The form of a message for the user who receives the event. */
export type MessageWire = (message: MessageFacts) => Message;

/** An event of a stream or an inbox, in `event` and in the ack of `subscribe`. */
export interface StreamEvent<D = unknown> {
  readonly stream: string;
  readonly version: number;
  readonly position: number | null;
  readonly id: string | null;
  readonly type: string;
  readonly time: string;
  readonly actor: Actor | null;
  readonly data: D;
}

/** Undefined for an event that is not for clients. */
export function ticketEventWire(
  event: RecordedEvent<TicketEvent>,
  stream: string,
  messageWire: MessageWire,
): StreamEvent | undefined {
  const data = ticketData(event, messageWire);
  return data && streamEvent(event, stream, data);
}

/** Undefined for an event that is not for clients. */
export function roomEventWire(event: RecordedEvent<RoomEvent>, stream: string): StreamEvent | undefined {
  switch (event.type) {
    case 'RoomMessagePosted':
      return streamEvent(event, stream, { message: event.data.message, clientId: event.data.clientId });
    case 'RoomConfigured':
      // Only users who may configure the room see its members.
      return streamEvent(event, stream, { private: event.data.private });
    default:
      event satisfies never;
      return undefined;
  }
}

function streamEvent(event: RecordedEvent<DomainEvent>, stream: string, data: object): StreamEvent {
  const { version, position, id, type, time, metadata } = event;
  const { id: actorId, name, role } = metadata.actor;
  return { stream, version, position, id, type, time, actor: { id: actorId, name, role }, data };
}

/** Undefined for an event that is not for clients. */
function ticketData(event: RecordedEvent<TicketEvent>, messageWire: MessageWire): object | undefined {
  switch (event.type) {
    case 'TicketOpened':
      return shown(OpenedTicket, fieldsAfterOpening(event.data));
    case 'TicketChanged':
      return { changes: changesWire(event.data.changes), ...messageIn(event, messageWire) };
    case 'ParticipantAdded': {
      const { userId, name, role } = event.data;
      return { userId, name, role, ...messageIn(event, messageWire) };
    }
    case 'ParticipantRemoved': {
      const { userId, name } = event.data;
      return { userId, name, ...messageIn(event, messageWire) };
    }
    case 'MessagePosted':
      return messageIn(event, messageWire);
    case 'TicketRead':
      return { userId: event.data.userId, upTo: event.data.upTo };
    case 'TicketDeleted':
      return {};
    default:
      // From a newer Deskwire, while both run during a deployment.
      event satisfies never;
      return undefined;
  }
}

function messageIn(event: RecordedEvent<TicketEvent>, messageWire: MessageWire): object {
  const message = messageOf(event);
  return message === undefined ? {} : { message: messageWire(message) };
}

function changesWire(changes: Changes): object {
  const named = changesIn(changes).filter(([field]) => Object.hasOwn(TicketChanges.properties, field));
  const { assignee } = changes;
  return {
    ...Object.fromEntries(named.map(([field, { from, to }]) => [field, { from, to }])),
    ...(assignee && { assignee: { from: personWire(assignee.from), to: personWire(assignee.to) } }),
  };
}

function personWire(person: Assignee | null): Assignee | null {
  return person && { id: person.id, name: person.name };
}

/** A notification has the position of its event. It has no actor: its text names the author. */
export function notificationEventWire(notification: WordedNotification): StreamEvent {
  const { id, seq, position, event, type, title, message, data, priority, timestamp, read } = notification;
  return {
    stream: 'inbox',
    version: seq,
    position,
    id,
    type: 'NotificationReceived',
    time: timestamp,
    actor: null,
    data: { event, type, title, message, ...textWire(notification), data, priority, read },
  };
}

/** Of the notifications from seq `from` to seq `upTo`, exactly those within `ranges` are unread. */
export interface UnreadNotifications {
  /** The last seq that was sent before. */
  readonly cursor: number;
  readonly from: number;
  readonly upTo: number;
  readonly count: number;
  readonly unseen: number;
  readonly ranges: readonly (readonly [number, number])[];
  /** RFC 3339 UTC. */
  readonly timestamp: string;
}

export function unreadEventWire(unread: UnreadNotifications): StreamEvent {
  const { cursor, from, upTo, count, unseen, ranges, timestamp } = unread;
  return {
    stream: 'inbox',
    version: cursor,
    position: null,
    id: null,
    type: 'NotificationsUnread',
    time: timestamp,
    actor: null,
    data: { from, upTo, count, unseen, unread: ranges },
  };
}

function recorded(type: string, stream: string, data: TProperties) {
  return closed({
    stream: Type.String({ pattern: `^${stream}:` }),
    version: count,
    position: count,
    id: text,
    type: Type.Literal(type),
    time: time,
    actor: actor,
    data: closed(data),
  });
}

function ofInbox(type: string, { id, position }: Record<'id' | 'position', TSchema>, data: TProperties) {
  return closed({
    stream: Type.Literal('inbox'),
    version: count,
    position,
    id,
    type: Type.Literal(type),
    time: time,
    actor: Type.Null(),
    data: closed(data),
  });
}

/** Every event, by its type. */
export const StreamEvent = Type.Union([
  recorded('TicketOpened', 'ticket', OpenedTicket.properties),
  recorded('TicketChanged', 'ticket', { changes: TicketChanges, message: Message }),
  recorded('ParticipantAdded', 'ticket', { userId: text, name: text, role: role, message: Message }),
  recorded('ParticipantRemoved', 'ticket', { userId: text, name: text, message: Message }),
  recorded('MessagePosted', 'ticket', { message: Message }),
  recorded('TicketRead', 'ticket', { userId: text, upTo: count }),
  recorded('TicketDeleted', 'ticket', {}),
  recorded('RoomMessagePosted', 'room', { message: anyJson, clientId: text }),
  recorded('RoomConfigured', 'room', { private: flag }),
  ofInbox(
    'NotificationReceived',
    { id: text, position: count },
    {
      event: textOrNull,
      type: text,
      title: text,
      message: text,
      key: textOrNull,
      params: anyObject,
      data: anyObject,
      priority,
      read: flag,
    },
  ),
  ofInbox(
    'NotificationsUnread',
    { id: Type.Null(), position: Type.Null() },
    {
      from: count,
      upTo: count,
      count,
      unseen: count,
      unread: Type.Array(Type.Tuple([count, count])),
    },
  ),
]);
