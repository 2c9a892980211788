/**
 * The expected content of the read models, computed from the whole history in the plainest way, without stored counts.
 */
import { maySeeTicket } from '../../../src/domain/access.ts';
import { parseStream, type RecordedEvent, type Stream } from '../../../src/domain/event.ts';
import { type Notification, notificationSent, notificationsFor } from '../../../src/domain/notification/rules.ts';
import type { Wording } from '../../../src/domain/notification/wording.ts';
import { lookUp } from '../../../src/domain/record.ts';
import { type ReferenceState, referenceDecider } from '../../../src/domain/reference/decider.ts';
import type { ReferenceType } from '../../../src/domain/reference/events.ts';
import { relationsOf } from '../../../src/domain/reference/relations.ts';
import { roomDecider } from '../../../src/domain/room/decider.ts';
import type { RoomEvent } from '../../../src/domain/room/events.ts';
import type { TicketEvent } from '../../../src/domain/ticket/events.ts';
import { evolveTicket, initialTicket } from '../../../src/domain/ticket/evolve.ts';
import { type Message, messageOf } from '../../../src/domain/ticket/message.ts';
import { accessOf, participantIdsOf } from '../../../src/domain/ticket/people.ts';
import { shownVersion } from '../../../src/domain/ticket/public-view.ts';
import type { TicketState } from '../../../src/domain/ticket/state.ts';
import { userDecider, userFactsOf } from '../../../src/domain/user/decider.ts';
import type { UserEvent } from '../../../src/domain/user/events.ts';
import { isStaff, type UserFacts } from '../../../src/domain/user/identity.ts';

export interface ModelNotification {
  readonly event: RecordedEvent;
  readonly seq: number;
  readonly type: string;
  readonly wording: unknown;
  readonly internal: boolean;
  read: boolean;
  seen: boolean;
  /** The user may no longer see its ticket. */
  gone: boolean;
}

export function modelOf(events: readonly RecordedEvent[], idOf: (event: RecordedEvent, userId: string) => string) {
  const tickets = new Map<string, TicketState>();
  const messages = new Map<string, Message[]>();
  const references = new Map<string, ReferenceState>();
  const userStates = new Map<string, ReturnType<typeof userDecider.initialState>>();
  const inboxes = new Map<string, ModelNotification[]>();
  const rooms = new Map<string, ReturnType<typeof roomDecider.initialState>>();
  const streams = Map.groupBy(events, (event) => event.stream);
  const user = (id: string) => {
    const state = userStates.get(id);
    return state && userFactsOf(state);
  };
  const users = () => [...userStates.keys()].flatMap((id) => user(id) ?? []);
  const inbox = (userId: string) => inboxes.get(userId) ?? [];
  const addNotification = (event: RecordedEvent, notification: Notification) => {
    const { recipientId, type, internal } = notification;
    const list = inbox(recipientId);
    inboxes.set(recipientId, [
      ...list,
      {
        event,
        seq: list.length + 1,
        type,
        wording: wordingOf(notification),
        internal,
        read: false,
        seen: false,
        gone: false,
      },
    ]);
  };
  const relations = (ticket: TicketState) =>
    relationsOf(references.get(`grn-${ticket.grnId}`), references.get(`dispatch-${ticket.dispatchId}`));
  const isUnseen = (userId: string, { stream, type }: RecordedEvent) => {
    const { kind, id } = parseStream(stream);
    const [ticket, viewer] = [tickets.get(id), user(userId)];
    if (kind !== 'ticket' || type === 'TicketDeleted' || ticket === undefined || viewer === undefined) return false;
    return ticket.deleted || !maySeeTicket(viewer, accessOf(ticket, relations(ticket)));
  };
  for (const event of events) {
    const { kind, id } = parseStream(event.stream);
    if (kind === 'reference' && event.type === 'ReferenceSet') {
      references.set(id, referenceDecider.evolve(referenceDecider.initialState(), event));
    }
    if (kind === 'room') {
      const before = rooms.get(id) ?? roomDecider.initialState();
      rooms.set(id, roomDecider.evolve(before, event as RecordedEvent<RoomEvent>));
    }
    if (kind === 'user') {
      const userEvent = event as RecordedEvent<UserEvent>;
      userStates.set(id, userDecider.evolve(userStates.get(id) ?? userDecider.initialState(), userEvent));
      if (userEvent.type === 'NotificationSent') addNotification(event, notificationSent(userEvent));
      if (userEvent.type === 'NotificationsRead') {
        for (const entry of inbox(id)) if (userEvent.data.ids.includes(idOf(entry.event, id))) entry.read = true;
      }
      if (userEvent.type === 'AllNotificationsRead') {
        for (const entry of inbox(id)) if (entry.seq <= (userEvent.data.upToSeq ?? entry.seq)) entry.read = true;
      }
    }
    if (event.type === 'InboxSeen') {
      for (const entry of inbox(id)) if (entry.seq <= event.data.upToSeq) entry.seen = true;
    }
    if (kind === 'ticket') {
      const ticketEvent = event as RecordedEvent<TicketEvent>;
      const state = evolveTicket(tickets.get(id) ?? initialTicket(), ticketEvent);
      tickets.set(id, state);
      const message = messageOf(ticketEvent);
      if (message) messages.set(id, [...(messages.get(id) ?? []), message]);
      const admins = users().filter((candidate) => candidate.role === 'admin' && candidate.active);
      for (const notification of notificationsFor(ticketEvent, state, { admins, user, relations }))
        addNotification(event, notification);
      const [readerId, upTo] =
        ticketEvent.type === 'TicketRead'
          ? [ticketEvent.data.userId, Math.min(ticketEvent.data.upTo, event.version)]
          : [event.metadata.actor.id, ticketEvent.type === 'MessagePosted' ? event.version : 0];
      for (const entry of inbox(readerId)) {
        const isOfTicket = entry.event.stream === event.stream && entry.event.type === 'MessagePosted';
        if (isOfTicket && entry.event.version <= upTo) entry.read = true;
      }
    }
    for (const [userId, entries] of inboxes) for (const entry of entries) entry.gone ||= isUnseen(userId, entry.event);
  }
  const versionOf = (stream: Stream) => streams.get(stream)?.at(-1)?.version;
  const alive = [...tickets.values()].filter((ticket) => !ticket.deleted);
  const visible = (viewer: UserFacts) =>
    alive.filter((ticket) => maySeeTicket(viewer, accessOf(ticket, relations(ticket))));
  const mayReadInternal = (viewer: UserFacts) => isStaff(viewer.role);
  const unreadFor = (ticket: TicketState, userId: string, internal: boolean) =>
    (messages.get(ticket.id) ?? []).filter(
      (message) =>
        message.messageType !== 'SYSTEM' &&
        message.senderId !== userId &&
        (internal || !message.internal) &&
        message.version > (lookUp(internal ? ticket.reads : ticket.publicReads, userId) ?? 0),
    ).length;
  return {
    users,
    /** Without the time of deactivation, which only the authentication asks for. */
    user: (id: string) => {
      const { deactivatedAt: _, ...facts } = user(id) ?? {};
      return user(id) && { ...facts, version: versionOf(`user.${id}`) };
    },
    reference: (type: ReferenceType, id: string) => {
      const state = references.get(`${type}-${id}`);
      return state && { ...state, version: versionOf(`reference.${type}-${id}`) };
    },
    room: (name: string) => {
      const recorded = streams.get(`room.${name}`) ?? [];
      const [createdAt, updatedAt] = [recorded[0]?.time, recorded.at(-1)?.time];
      return rooms.has(name) ? { name, ...rooms.get(name), version: recorded.length, createdAt, updatedAt } : undefined;
    },
    alive,
    deleted: [...tickets.values()].filter((ticket) => ticket.deleted),
    relations,
    visible,
    inbox,
    messages: (ticketId: string, internal: boolean) =>
      (messages.get(ticketId) ?? [])
        .filter((message) => internal || !message.internal)
        .map((message) => {
          const internalVersions = tickets.get(ticketId)?.internalVersions ?? [];
          return {
            ...message,
            sender: { ...message.sender, name: user(message.senderId)?.name ?? message.sender.name },
            version: shownVersion(message.version, internalVersions, internal ? 'staff' : 'public'),
          };
        }),
    unread: (ticket: TicketState, viewer: UserFacts) =>
      maySeeTicket(viewer, accessOf(ticket, relations(ticket)))
        ? unreadFor(ticket, viewer.id, mayReadInternal(viewer))
        : 0,
    participants: (ticket: TicketState) =>
      [...new Set([ticket.requesterId, ...(ticket.assignee ? [ticket.assignee.id] : []), ...participantIdsOf(ticket)])]
        .toSorted()
        .map((userId) => {
          const known = user(userId);
          return {
            userId,
            lastReadVersion: Object.hasOwn(ticket.reads, userId) ? ticket.reads[userId] : 0,
            unread: unreadFor(ticket, userId, known?.active === true && isStaff(known.role)),
          };
        }),
  };
}

/** What a notification says, without what it reports. */
export function wordingOf(notification: Wording): unknown {
  return notification.key === null
    ? { title: notification.title, message: notification.message }
    : { key: notification.key, params: notification.params };
}
