/**
 * Who is notified of which event: pure rules from events to notifications. Source: docs/protocol.md section 3.
 *
 * - An event gives each recipient at most one notification.
 * - Nobody is notified of their own act.
 * - An internal note notifies only users who may see it.
 * - A user who is deactivated, unknown or no longer on the ticket is not notified.
 */
import { maySeeInternalNotes, maySeeTicket, type TicketRelations } from '../access.ts';
import { parseStream, type RecordedEvent } from '../event.ts';
import type { TicketEvent } from '../ticket/events.ts';
import type { TicketChanges } from '../ticket/fields.ts';
import { accessOf, participates, peopleOn } from '../ticket/people.ts';
import { shownVersion, type View, viewOf } from '../ticket/public-view.ts';
import type { TicketState } from '../ticket/state.ts';
import type { UserEvent } from '../user/events.ts';
import type { UserFacts } from '../user/identity.ts';
import { visibilityOf } from '../visibility.ts';
import { type Content, contents } from './contents.ts';
import type { Notification } from './notification.ts';

export type { Notification, NotificationEventName } from './notification.ts';

/** The users as they are when the event is handled. */
export interface Audience {
  readonly admins: Iterable<UserFacts>;
  user(id: string): UserFacts | undefined;
  /** Of the ticket's references. */
  relations(ticket: TicketState): TicketRelations;
}

/** `ticket` is the state that includes `event`. */
export function notificationsFor(
  event: RecordedEvent<TicketEvent>,
  ticket: TicketState,
  audience: Audience,
): Notification[] {
  const internal = visibilityOf(event) === 'internal';
  const notifications: Notification[] = [];
  const requesterName = audience.user(ticket.requesterId)?.name ?? ticket.requesterName;
  for (const [recipientId, content] of addressed(event, { ...ticket, requesterName }, audience)) {
    const recipient = audience.user(recipientId);
    if (recipient === undefined || recipientId === event.metadata.actor.id) continue;
    if (mayBeNotified(recipient, ticket, audience, internal)) notifications.push({ recipientId, ...content, internal });
  }
  return notifications;
}

/** A notification that was sent through the API. It also reaches a user who sent it to themselves. */
export function notificationSent({ stream, data }: RecordedEvent<Sent>): Notification {
  return {
    recipientId: parseStream(stream).id,
    event: null,
    type: data.type,
    key: null,
    title: data.title,
    message: data.message,
    data: data.data,
    priority: data.priority,
    internal: false,
  };
}

type Sent = Extract<UserEvent, { type: 'NotificationSent' }>;

/** The contents for the users that an event concerns, by user id. A later entry replaces an earlier one. */
function addressed(event: RecordedEvent<TicketEvent>, ticket: TicketState, audience: Audience): Map<string, Content> {
  switch (event.type) {
    case 'TicketOpened':
      return new Map(Array.from(audience.admins, ({ id }) => [id, contents.created(ticket)]));
    case 'TicketChanged':
      return addressedByChange(event.data.changes, ticket);
    case 'MessagePosted': {
      const shown = (view: View) => shownVersion(event.version, ticket.internalVersions, view);
      const content = {
        staff: contents.message(event, ticket, shown('staff')),
        public: contents.message(event, ticket, shown('public')),
      };
      return new Map(
        peopleOn(ticket).map((id) => {
          const recipient = audience.user(id);
          return [id, content[recipient === undefined ? 'public' : viewOf(recipient)]];
        }),
      );
    }
    case 'TicketDeleted':
      return new Map([[ticket.requesterId, contents.deleted(ticket)]]);
    default:
      return new Map();
  }
}

/** In the order of importance: updated, assigned, resolved. The last one for a user counts. */
function addressedByChange({ assignee, status }: TicketChanges, ticket: TicketState): Map<string, Content> {
  const addressed = new Map([[ticket.requesterId, contents.updated(ticket)]]);
  if (ticket.assignee !== null) {
    addressed.set(ticket.assignee.id, assignee ? contents.assigned(ticket) : contents.updated(ticket));
  }
  if (status?.to === 'resolved' || status?.to === 'closed') {
    addressed.set(ticket.requesterId, contents.resolved(ticket));
  }
  return addressed;
}

/**
 * A user who posted only internal notes is notified like staff on the ticket: others must not learn of the notes. The
 * requester is notified of a deletion although nobody sees the ticket any more.
 */
function mayBeNotified(recipient: UserFacts, ticket: TicketState, audience: Audience, internal: boolean): boolean {
  const access = accessOf(ticket, audience.relations(ticket));
  const { requesterId, assignee } = ticket;
  const isKnown = recipient.id === requesterId || recipient.id === assignee?.id || participates(ticket, recipient.id);
  const onlyNoted = Object.hasOwn(ticket.participants, recipient.id) && !isKnown;
  return internal || onlyNoted ? maySeeInternalNotes(recipient, access) : maySeeTicket(recipient, access);
}
