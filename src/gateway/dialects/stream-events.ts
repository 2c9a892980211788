/**
 * Domain events as Deskwire's own protocol shows them: for each type, the data that leave the server. A client that
 * folds them has the state that a fresh load would give: an event that is shown as a message in the chat carries that
 * message. Source: docs/protocol.md section 7.
 */
import Type, { type TProperties } from 'typebox';
import type { NotificationView } from '../../application/views.ts';
import type { DomainEvent, RecordedEvent } from '../../domain/event.ts';
import type { RoomEvent } from '../../domain/room/events.ts';
import type { TicketEvent } from '../../domain/ticket/events.ts';
import { messageOf } from '../../domain/ticket/message.ts';
import { visibilityOf } from '../../domain/visibility.ts';
import type { MessageWire, StreamWire, UnreadOnes, Wire } from './dialect.ts';
import * as is from './payloads.ts';

type Changes = Extract<TicketEvent, { type: 'TicketChanged' }>['data']['changes'];

export function ticketWires(event: RecordedEvent<TicketEvent>, stream: string, messageWire: MessageWire): StreamWire[] {
  const data = ticketData(event, messageWire);
  return data === undefined ? [] : [wireOf(event, stream, data)];
}

export function roomWires(event: RecordedEvent<RoomEvent>, stream: string): StreamWire[] {
  switch (event.type) {
    case 'RoomMessagePosted':
      return [wireOf(event, stream, { message: event.data.message, clientId: event.data.clientId })];
    case 'RoomConfigured':
      // The list of members is for those who configure the room.
      return [wireOf(event, stream, { private: event.data.private })];
    default:
      event satisfies never;
      return [];
  }
}

function wireOf(event: RecordedEvent<DomainEvent>, stream: string, data: object): StreamWire {
  const { version, position, id, type, time, metadata } = event;
  const { id: actorId, name, role } = metadata.actor;
  const actor = { id: actorId, name, role };
  return {
    name: 'event',
    payload: { stream, version, position, id, type, time, actor, data },
    audience: visibilityOf(event),
  };
}

/** Undefined for an event that clients do not get. */
function ticketData(event: RecordedEvent<TicketEvent>, messageWire: MessageWire): object | undefined {
  switch (event.type) {
    case 'TicketOpened': {
      const { number, requesterId, requesterName, description, category, priority, tags } = event.data;
      const { stationId = null, stationName = null, grnId = null, dispatchId = null } = event.data;
      const references = { stationId, stationName, grnId, dispatchId };
      return { number, requesterId, requesterName, description, category, priority, ...references, tags };
    }
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

function changesWire({ status, description, category, priority, assignee, tags }: Changes): object {
  const person = (one: { id: string; name: string } | null) => one && { id: one.id, name: one.name };
  return {
    ...(status && { status: { from: status.from, to: status.to } }),
    ...(description && { description: { from: description.from, to: description.to } }),
    ...(category && { category: { from: category.from, to: category.to } }),
    ...(priority && { priority: { from: priority.from, to: priority.to } }),
    ...(assignee && { assignee: { from: person(assignee.from), to: person(assignee.to) } }),
    ...(tags && { tags: { from: tags.from, to: tags.to } }),
  };
}

/** A notification has the position of the event behind it, and no actor: its text names the person. */
export function notificationWire(notification: NotificationView): Wire {
  const { id, seq, position, event, type, title, message, data, priority, timestamp, read } = notification;
  const payload = {
    ...{ stream: 'inbox', version: seq, position, id },
    ...{ type: 'NotificationReceived', time: timestamp, actor: null },
    data: { event, type, title, message, data, priority, read },
  };
  return { name: 'event', payload };
}

export function unreadWire({ cursor, from, upTo, count, unseen, ranges, timestamp }: UnreadOnes): Wire {
  const payload = {
    ...{ stream: 'inbox', version: cursor, position: null, id: null },
    ...{ type: 'NotificationsUnread', time: timestamp, actor: null },
    data: { from, upTo, count, unseen, unread: ranges },
  };
  return { name: 'event', payload };
}

const nothing = Type.Null();

function orNull<T extends Type.TSchema>(schema: T) {
  return Type.Union([schema, nothing]);
}

function change(schema: Type.TSchema) {
  return Type.Optional(is.closed({ from: schema, to: schema }));
}

function recorded(type: string, stream: string, data: TProperties) {
  return is.closed({
    stream: Type.String({ pattern: `^${stream}:` }),
    version: is.count,
    position: is.count,
    id: is.text,
    type: Type.Literal(type),
    time: is.time,
    actor: is.actor,
    data: is.closed(data),
  });
}

function ofInbox(type: string, { id, position }: Record<'id' | 'position', Type.TSchema>, data: TProperties) {
  return is.closed({
    stream: Type.Literal('inbox'),
    version: is.count,
    position,
    id,
    type: Type.Literal(type),
    time: is.time,
    actor: nothing,
    data: is.closed(data),
  });
}

const tags = Type.Array(is.text);
const changes = is.closed({
  status: change(is.status),
  description: change(is.text),
  category: change(is.category),
  priority: change(is.priority),
  assignee: change(orNull(is.person)),
  tags: change(tags),
});

/** Every event there is, by its type. */
export const streamEvent = Type.Union([
  recorded('TicketOpened', 'ticket', {
    ...{ number: is.count, requesterId: is.text, requesterName: is.text, description: is.text },
    ...{ category: is.category, priority: is.priority, tags },
    ...{
      stationId: orNull(is.text),
      stationName: orNull(is.text),
      grnId: orNull(is.text),
      dispatchId: orNull(is.text),
    },
  }),
  recorded('TicketChanged', 'ticket', { changes, message: is.message }),
  recorded('ParticipantAdded', 'ticket', { userId: is.text, name: is.text, role: is.role, message: is.message }),
  recorded('ParticipantRemoved', 'ticket', { userId: is.text, name: is.text, message: is.message }),
  recorded('MessagePosted', 'ticket', { message: is.message }),
  recorded('TicketRead', 'ticket', { userId: is.text, upTo: is.count }),
  recorded('TicketDeleted', 'ticket', {}),
  recorded('RoomMessagePosted', 'room', { message: is.anyJson, clientId: is.text }),
  recorded('RoomConfigured', 'room', { private: is.flag }),
  ofInbox(
    'NotificationReceived',
    { id: is.text, position: is.count },
    {
      ...{ event: orNull(is.text), type: is.text, title: is.text, message: is.text },
      ...{ data: Type.Record(is.text, is.anyJson), priority: is.priority, read: is.flag },
    },
  ),
  ofInbox(
    'NotificationsUnread',
    { id: nothing, position: nothing },
    {
      ...{ from: is.count, upTo: is.count, count: is.count, unseen: is.count },
      unread: Type.Array(Type.Tuple([is.count, is.count])),
    },
  ),
]);
