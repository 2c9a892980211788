/** Renders domain events and notifications as wire events of Deskwire's own protocol, in the contract's shapes. */

import {
  type MessageWire,
  notificationEventWire,
  roomEventWire,
  type StreamEvent,
  ticketEventWire,
  type UnreadNotifications,
  unreadEventWire,
} from '../../contract/stream-event.ts';
import type { DomainEvent, RecordedEvent } from '../../domain/event.ts';
import type { WordedNotification } from '../../domain/notification/inbox.ts';
import type { RoomEvent } from '../../domain/room/events.ts';
import type { TicketEvent } from '../../domain/ticket/events.ts';
import { visibilityOf } from '../../domain/visibility.ts';
import type { StreamWire, Wire } from './dialect.ts';

export function ticketWires(event: RecordedEvent<TicketEvent>, stream: string, messageWire: MessageWire): StreamWire[] {
  return wiresOf(event, ticketEventWire(event, stream, messageWire));
}

export function roomWires(event: RecordedEvent<RoomEvent>, stream: string): StreamWire[] {
  return wiresOf(event, roomEventWire(event, stream));
}

export function notificationWire(notification: WordedNotification): Wire {
  return { name: 'event', payload: notificationEventWire(notification) };
}

export function unreadWire(unread: UnreadNotifications): Wire {
  return { name: 'event', payload: unreadEventWire(unread) };
}

function wiresOf(event: RecordedEvent<DomainEvent>, payload: StreamEvent | undefined): StreamWire[] {
  return payload === undefined ? [] : [{ name: 'event', payload, audience: visibilityOf(event) }];
}
