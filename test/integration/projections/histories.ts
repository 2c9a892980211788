/**
 * Random histories: events as a log could hold them, of a few users, tickets and references, so that everything meets
 * everything. Not what deciders would allow, but all that projections must be able to handle.
 */
import fc from 'fast-check';
import type { DomainEvent, RecordedEvent, Stream } from '../../../src/domain/event.ts';
import { CATEGORIES, STATUSES } from '../../../src/domain/ticket/events.ts';
import { ROLES, type Role } from '../../../src/domain/user/identity.ts';

export const USERS = ['1', '2', '3', 'u-4', '__proto__', 'u-6'] as const;
export const TICKETS = ['t-1', 't-2', 't-3'] as const;
const VENDORS = ['v-1', 'v-2'] as const;
const GRNS = ['g-1', 'g-2'] as const;
const DISPATCHES = ['d-1', 'd-2'] as const;

type Step =
  | { do: 'register'; user: string; role: Role; vendor: string | undefined }
  | { do: 'changeUser'; user: string; role: Role | undefined; active: boolean | undefined }
  | { do: 'reference'; type: 'grn' | 'dispatch'; id: string; vendor: string | undefined; by: string | undefined }
  | {
      do: 'open';
      ticket: string;
      user: string;
      grn: string | undefined;
      dispatch: string | undefined;
      category: number;
    }
  | {
      do: 'change';
      ticket: string;
      user: string;
      assignee: string | null | undefined;
      status: number;
      category: number;
    }
  | { do: 'add' | 'remove'; ticket: string; user: string; other: string }
  | { do: 'post'; ticket: string; user: string; internal: boolean }
  | { do: 'read'; ticket: string; user: string; upTo: number }
  | { do: 'delete'; ticket: string; user: string }
  | { do: 'send'; user: string }
  | { do: 'readNotifications'; user: string; nth: readonly number[] }
  | { do: 'readAll'; user: string; upTo: number | undefined };

const user = fc.constantFrom(...USERS);
const ticket = fc.constantFrom(...TICKETS);
const role = fc.constantFrom(...ROLES);
const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });
const category = fc.nat(CATEGORIES.length - 1);

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('register' as const),
      user,
      role,
      vendor: maybe(fc.constantFrom(...VENDORS)),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('changeUser' as const),
      user,
      role: maybe(role),
      active: maybe(fc.boolean()),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.oneof(
      fc.record({
        do: fc.constant('reference' as const),
        type: fc.constant('grn' as const),
        id: fc.constantFrom(...GRNS),
        vendor: maybe(fc.constantFrom(...VENDORS)),
        by: maybe(user),
      }),
      fc.record({
        do: fc.constant('reference' as const),
        type: fc.constant('dispatch' as const),
        id: fc.constantFrom(...DISPATCHES),
        vendor: maybe(fc.constantFrom(...VENDORS)),
        by: fc.constant(undefined),
      }),
    ),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('open' as const),
      ticket,
      user,
      grn: maybe(fc.constantFrom(...GRNS)),
      dispatch: maybe(fc.constantFrom(...DISPATCHES)),
      category,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('change' as const),
      ticket,
      user,
      assignee: maybe(fc.option(user)),
      status: fc.nat(STATUSES.length - 1),
      category,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constantFrom('add' as const, 'remove' as const), ticket, user, other: user }),
  },
  { weight: 8, arbitrary: fc.record({ do: fc.constant('post' as const), ticket, user, internal: fc.boolean() }) },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant('read' as const), ticket, user, upTo: fc.integer({ min: 1, max: 30 }) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('delete' as const), ticket, user }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('send' as const), user }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('readNotifications' as const),
      user,
      nth: fc.array(fc.nat(20), { maxLength: 5 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('readAll' as const), user, upTo: maybe(fc.integer({ min: 1, max: 30 })) }),
  },
);

/** Turns ids of notifications by their seq in a user's inbox as the log stands, so that steps can read existing ones. */
export type InboxIds = (events: readonly RecordedEvent[], userId: string) => readonly string[];

export const histories = (inboxIds: InboxIds, maxLength = 60) =>
  fc.array(step, { minLength: 1, maxLength }).map((steps) => record(steps, inboxIds));

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
  const onTicket = (id: string, by: string, event: DomainEvent) => {
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
                  to: step.assignee && { id: step.assignee, name: `Name ${step.assignee}` },
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
      case 'send':
        append(`user.${step.user}`, '1', {
          type: 'NotificationSent',
          data: { type: 'news', title: 'News', message: 'Read this', data: { n: events.length }, priority: 'low' },
        });
        break;
      case 'readNotifications': {
        const ids = inboxIds(events, step.user);
        append(`user.${step.user}`, step.user, {
          type: 'NotificationsRead',
          data: { ids: step.nth.map((nth) => ids[nth] ?? `unknown-${nth}`) },
        });
        break;
      }
      case 'readAll':
        append(`user.${step.user}`, step.user, {
          type: 'AllNotificationsRead',
          data: step.upTo === undefined ? {} : { upToSeq: step.upTo },
        });
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
