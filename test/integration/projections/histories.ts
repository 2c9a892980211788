/**
 * Random histories: events as a log could hold them. They concern few users, tickets and references, so that these are
 * combined often. Deciders would refuse some of the events, and projections must handle them all the same.
 */
import fc from 'fast-check';
import type { DomainEvent, RecordedEvent, Stream } from '../../../src/domain/event.ts';
import type { TicketEvent } from '../../../src/domain/ticket/events.ts';
import { CATEGORIES, STATUSES } from '../../../src/domain/ticket/fields.ts';
import type { Role } from '../../../src/domain/user/identity.ts';
import { beginning, type Step, step } from './steps.ts';

/** Returns the ids of the notifications in a user's inbox, in order of seq, so that steps can read existing ones. */
export type InboxIds = (events: readonly RecordedEvent[], userId: string) => readonly string[];

export const histories = (inboxIds: InboxIds, maxLength = 60) =>
  fc
    .tuple(beginning, fc.array(step, { maxLength, size: 'max' }))
    .map(([first, steps]) => record([...first, ...steps], inboxIds));

function record(steps: readonly Step[], inboxIds: InboxIds): RecordedEvent[] {
  const events: RecordedEvent[] = [];
  const versions = new Map<Stream, number>();
  const roles = new Map<string, Role>();
  const alive = new Set<string>();
  const append = (stream: Stream, by: string, event: DomainEvent) => {
    const position = events.length + 1;
    const version = (versions.get(stream) ?? 0) + 1;
    versions.set(stream, version);
    events.push({
      ...event,
      position,
      stream,
      version,
      id: `00000000-0000-4000-8000-${String(position).padStart(12, '0')}`,
      time: new Date(Date.UTC(2026, 0, 1) + position * 1000).toISOString(),
      metadata: {
        commandId: `c-${position}`,
        correlationId: 'test',
        actor: { id: by, name: `Name ${by}`, role: roles.get(by) ?? 'customer' },
      },
    });
  };
  const onTicket = (id: string, by: string, event: TicketEvent) => {
    if (alive.has(id)) append(`ticket.${id}`, by, event);
  };
  for (const step of steps) {
    switch (step.do) {
      case 'register':
        if (roles.has(step.user)) break;
        roles.set(step.user, step.role);
        append(`user.${step.user}`, 'system', {
          type: 'UserRegistered',
          data: { name: `Name ${step.user}`, role: step.role, ...(step.vendor && { vendorId: step.vendor }) },
        });
        break;
      case 'changeUser': {
        const from = roles.get(step.user);
        if (from === undefined) break;
        if (step.role) roles.set(step.user, step.role);
        append(`user.${step.user}`, '1', {
          type: 'UserChanged',
          data: {
            changes: {
              ...(step.role && { role: { from, to: step.role } }),
              ...(step.name && { name: { from: `Name ${step.user}`, to: step.name } }),
              ...(step.active !== undefined && { active: { from: !step.active, to: step.active } }),
            },
          },
        });
        break;
      }
      case 'reference':
        append(`reference.${step.type}-${step.id}`, '1', {
          type: 'ReferenceSet',
          data: {
            type: step.type,
            id: step.id,
            ...(step.vendor && { vendorId: step.vendor }),
            ...(step.by && { verifiedBy: step.by }),
          },
        });
        break;
      case 'open': {
        // A ticket that was deleted never comes back.
        if (versions.has(`ticket.${step.ticket}`)) break;
        alive.add(step.ticket);
        onTicket(step.ticket, step.user, {
          type: 'TicketOpened',
          data: {
            number: Number(step.ticket.slice(2)),
            requesterId: step.user,
            requesterName: `Name ${step.user}`,
            description: `It does not work 100% with ${step.ticket}`,
            category: CATEGORIES[step.category] ?? 'general',
            priority: 'medium',
            ...(step.grn && { grnId: step.grn }),
            ...(step.dispatch && { dispatchId: step.dispatch }),
            tags: ['a', 'b "c"'],
          },
        });
        break;
      }
      case 'change':
        onTicket(step.ticket, step.user, {
          type: 'TicketChanged',
          data: {
            changes: {
              status: { from: 'open', to: STATUSES[step.status] ?? 'open' },
              category: { from: 'general', to: CATEGORIES[step.category] ?? 'general' },
              ...(step.assignee !== undefined && {
                assignee: {
                  from: assigneeOf(events, step.ticket),
                  to: step.assignee === null ? null : { id: step.assignee, name: `Name ${step.assignee}` },
                },
              }),
            },
          },
        });
        break;
      case 'add':
        onTicket(step.ticket, step.user, {
          type: 'ParticipantAdded',
          data: { userId: step.other, name: `Name ${step.other}`, role: roles.get(step.other) ?? 'customer' },
        });
        break;
      case 'remove':
        onTicket(step.ticket, step.user, {
          type: 'ParticipantRemoved',
          data: { userId: step.other, name: `Name ${step.other}` },
        });
        break;
      case 'post':
        onTicket(step.ticket, step.user, {
          type: 'MessagePosted',
          data: {
            messageId: `m-${events.length + 1}`,
            message: `Message ${events.length + 1} "quoted" \\ é 漢 😀`,
            messageType: 'TEXT',
            attachments: [],
            internal: step.internal,
          },
        });
        break;
      case 'read': {
        const version = versions.get(`ticket.${step.ticket}`) ?? 0;
        const upTo = Math.min(step.upTo, version);
        onTicket(step.ticket, step.user, { type: 'TicketRead', data: { userId: step.user, upTo } });
        break;
      }
      case 'delete':
        onTicket(step.ticket, step.user, { type: 'TicketDeleted', data: {} });
        alive.delete(step.ticket);
        break;
      case 'say':
        append(`room.${step.room}`, step.user, {
          type: 'RoomMessagePosted',
          data: { message: { n: events.length }, clientId: 'c' },
        });
        break;
      case 'configure':
        append(`room.${step.room}`, '1', {
          type: 'RoomConfigured',
          data: { private: step.private, members: step.members },
        });
        break;
      case 'send':
        append(`user.${step.user}`, '1', {
          type: 'NotificationSent',
          data: { type: 'news', title: 'News', message: 'Read this', data: { n: events.length }, priority: 'low' },
        });
        break;
      case 'markNotificationsRead': {
        const ids = inboxIds(events, step.user);
        append(`user.${step.user}`, step.user, {
          type: 'NotificationsRead',
          data: { ids: step.nth.map((nth) => (ids.length > 0 && ids[nth % (ids.length + 1)]) || `unknown-${nth}`) },
        });
        break;
      }
      case 'readAll':
        append(`user.${step.user}`, step.user, {
          type: 'AllNotificationsRead',
          data: step.upTo === undefined ? {} : { upToSeq: step.upTo },
        });
        break;
      case 'see':
        append(`user.${step.user}`, step.user, { type: 'InboxSeen', data: { upToSeq: step.upTo } });
    }
  }
  return events;
}

function assigneeOf(events: readonly RecordedEvent[], ticketId: string) {
  const last = events.findLast(
    (event) => event.stream === `ticket.${ticketId}` && event.type === 'TicketChanged' && event.data.changes.assignee,
  );
  return last?.type === 'TicketChanged' ? (last.data.changes.assignee?.to ?? null) : null;
}
