/** What holds for a ticket whatever anybody asks of it, in whatever order. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { maySeeInternalNotes, maySeeTicket, type TicketAccess } from '../../../src/domain/access.ts';
import { DeskwireError } from '../../../src/domain/errors.ts';
import type { RecordedEvent } from '../../../src/domain/event.ts';
import { notificationsFor } from '../../../src/domain/notification/rules.ts';
import { PRIORITIES } from '../../../src/domain/priority.ts';
import { lookUp } from '../../../src/domain/record.ts';
import { type TicketCommand, type TicketState, ticketDecider } from '../../../src/domain/ticket/decider.ts';
import type { TicketEvent } from '../../../src/domain/ticket/events.ts';
import { CATEGORIES, STATUSES } from '../../../src/domain/ticket/fields.ts';
import { messageOf } from '../../../src/domain/ticket/message.ts';
import { peopleOn } from '../../../src/domain/ticket/people.ts';
import { isStaff, type UserFacts } from '../../../src/domain/user/identity.ts';
import { visibilityOf } from '../../../src/domain/visibility.ts';
import { foldAll, GRN_RELATIONS, NO_RELATIONS, ticketOf } from './history.ts';
import { deactivated, everyone } from './people.ts';
import { open, receipt } from './ticket-commands.ts';

const users: readonly UserFacts[] = [
  ...everyone,
  { id: '__proto__', name: 'Proto', role: 'customer', active: true },
  { id: 'constructor', name: 'Constance', role: 'ops', active: true },
  deactivated({ id: 'gone', name: 'Gone', role: 'admin', active: true }),
];
const audience = {
  admins: users.filter(({ role }) => role === 'admin'),
  user: (id: string) => users.find((user) => user.id === id),
  relations: () => NO_RELATIONS,
};

const user = fc.constantFrom(...users);
const optional = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });

/** The fields that were drawn, without those that were not. */
function given(fields: object): object {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

const command: fc.Arbitrary<TicketCommand> = fc.oneof(
  {
    weight: 1,
    arbitrary: fc.record({ requester: user, description: fc.string() }).map((fields) => open(fields)),
  },
  {
    weight: 4,
    arbitrary: fc
      .record({
        status: optional(fc.constantFrom(...STATUSES)),
        category: optional(fc.constantFrom(...CATEGORIES)),
        priority: optional(fc.constantFrom(...PRIORITIES)),
        assignee: optional(fc.option(user)),
        tags: optional(fc.array(fc.constantFrom('a', 'b', '__proto__'), { maxLength: 2 })),
        description: optional(fc.string({ unit: 'binary' })),
      })
      .map((fields) => ({ type: 'ChangeTicket', ...given(fields) }) as TicketCommand),
  },
  {
    weight: 6,
    arbitrary: fc
      .record({
        messageId: fc.uuid(),
        message: fc.string({ maxLength: 150, unit: 'binary' }),
        attachments: fc.constantFrom([], [receipt], [receipt, receipt]),
        messageType: fc.constantFrom('TEXT', 'FILE', 'IMAGE'),
        internal: fc.boolean(),
      })
      .map((fields) => ({ type: 'PostMessage', ...fields }) as TicketCommand),
  },
  { weight: 2, arbitrary: user.map((user) => ({ type: 'AddParticipant', user })) },
  { weight: 2, arbitrary: user.map(({ id }) => ({ type: 'RemoveParticipant', userId: id })) },
  {
    weight: 4,
    arbitrary: fc.oneof(fc.nat(40), fc.constantFrom(-1, 0.5, 1e9)).map((upTo) => ({ type: 'MarkTicketRead', upTo })),
  },
  { weight: 1, arbitrary: fc.constant({ type: 'DeleteTicket' }) },
) as fc.Arbitrary<TicketCommand>;

interface Step {
  readonly by: UserFacts;
  readonly command: TicketCommand;
}

const steps: fc.Arbitrary<Step[]> = fc.array(fc.record({ by: user, command }), { maxLength: 40, size: 'max' });

interface Taken extends Step {
  readonly before: TicketState;
  readonly after: TicketState;
  readonly events: readonly RecordedEvent<TicketEvent>[];
  readonly refusal: DeskwireError | undefined;
}

/** Takes all steps on a ticket that has been opened, and hands each to `check`. */
function live(plan: readonly Step[], check: (taken: Taken) => void = () => {}) {
  const ticket = ticketOf(GRN_RELATIONS);
  ticket.as(everyone[0] as UserFacts, open());
  for (const { by, command } of plan) {
    const before = ticket.state;
    let events: Taken['events'] = [];
    let refusal: DeskwireError | undefined;
    try {
      events = ticket.as(by, command);
    } catch (error) {
      if (!(error instanceof DeskwireError)) throw error;
      refusal = error;
    }
    check({ by, command, before, after: ticket.state, events, refusal });
  }
  return ticket;
}

function holdsAlways(check: (taken: Taken) => void): void {
  fc.assert(fc.property(steps, (plan) => void live(plan, check)));
}

describe('whatever is asked of a ticket', () => {
  test('its state survives JSON, and a snapshot at any version leads to the same state', () => {
    fc.assert(
      fc.property(steps, (plan) => {
        const { events, state } = live(plan);
        for (let version = 0; version <= events.length; version += 1) {
          const snapshot = foldAll(ticketDecider, events.slice(0, version));
          const restored = JSON.parse(JSON.stringify(snapshot)) as TicketState;
          expect(restored).toEqual(snapshot);
          expect(foldAll(ticketDecider, events.slice(version), restored)).toEqual(state);
        }
      }),
    );
  });

  test('events fold the same after a trip through JSON, and never change the state they are folded into', () => {
    fc.assert(
      fc.property(steps, (plan) => {
        const { events, state } = live(plan, ({ before, events }) => {
          const frozen = JSON.stringify(before);
          foldAll(ticketDecider, events, before);
          expect(JSON.stringify(before)).toBe(frozen);
        });
        expect(foldAll(ticketDecider, JSON.parse(JSON.stringify(events)))).toEqual(state);
        expect(state.version).toBe(events.length);
      }),
    );
  });

  test('a refused command changes nothing', () => {
    holdsAlways(({ refusal, before, after }) => {
      if (refusal !== undefined) expect(after).toBe(before);
    });
  });

  test('strangers are told that there is no such ticket, and nothing else', () => {
    holdsAlways(({ by, before, refusal }) => {
      if (!by.active) expect(refusal?.code).toBe('unauthorized');
      else if (before.deleted || !maySeeTicket(by, accessTo(before))) {
        expect(refusal).toMatchObject({ code: 'not_found', message: 'Ticket not found', field: undefined });
      } else expect(refusal?.code).not.toBe('not_found');
    });
  });

  test('a closed ticket stays closed, and nobody posts in it', () => {
    holdsAlways(({ before, after, events }) => {
      if (before.status !== 'closed') return;
      expect(after.status).toBe('closed');
      expect(events.map(({ type }) => type)).not.toContain('MessagePosted');
    });
  });

  test('a command changes a ticket by one TicketChanged at most, whose fields all changed', () => {
    holdsAlways(({ events, before, after }) => {
      const changed = events.filter((event) => event.type === 'TicketChanged');
      expect(changed.length).toBeLessThanOrEqual(1);
      for (const { data } of changed) {
        expect(Object.keys(data.changes)).not.toEqual([]);
        for (const [field, change] of Object.entries(data.changes)) {
          expect(change.from).not.toEqual(change.to);
          expect(change).toEqual({ from: before[field as keyof TicketState], to: after[field as keyof TicketState] });
        }
      }
    });
  });

  test('read cursors never go back, nor beyond the ticket, and reading that moves none is no event', () => {
    holdsAlways(({ by, before, after, events }) => {
      for (const event of events) {
        if (event.type === 'TicketRead') {
          expect(event.data.userId).toBe(by.id);
          // A note moves only the cursor that staff see: reading what came before it is news to requesters.
          const known = event.data.internal ? cursorOf(before, by) : (lookUp(before.publicReads, by.id) ?? 0);
          expect(event.data.upTo).toBeGreaterThan(known);
        }
      }
      for (const [id, cursor] of Object.entries(after.reads)) {
        expect(cursor).toBeGreaterThanOrEqual(lookUp(before.reads, id) ?? 0);
        expect(cursor).toBeLessThanOrEqual(after.version);
      }
      expect(Object.keys(after.reads)).toEqual(expect.arrayContaining(Object.keys(before.reads)));
    });
  });

  test('who has posted, or read all there is, has nothing unread', () => {
    fc.assert(
      fc.property(steps, (plan) => {
        const history: RecordedEvent<TicketEvent>[] = [];
        live(plan, ({ by, command, after, events, refusal }) => {
          history.push(...events);
          const readAll = command.type === 'MarkTicketRead' && command.upTo >= after.version && refusal === undefined;
          if (readAll || events.some(({ type }) => type === 'MessagePosted')) {
            expect(unread(history, after, by)).toBe(0);
          }
        });
      }),
    );
  });

  test('nobody is told of what they did, nobody twice, and nobody who is not there to be told', () => {
    holdsAlways(({ by, before, after, events }) => {
      for (const [event, state] of statesAfter(before, events)) {
        const recipients = notificationsFor(event, state, audience).map(({ recipientId }) => recipientId);
        expect(recipients).not.toContain(by.id);
        expect(new Set(recipients).size).toBe(recipients.length);
        expect(recipients).not.toContain('gone');
        const reachable = [...peopleOn(after), ...audience.admins.map(({ id }) => id)];
        expect(reachable).toEqual(expect.arrayContaining(recipients));
      }
    });
  });

  test('no internal note reaches anyone but staff who see the ticket', () => {
    holdsAlways(({ before, events }) => {
      for (const [event, state] of statesAfter(before, events)) {
        const internal = visibilityOf(event) === 'internal';
        expect(messageOf(event)?.internal ?? internal).toBe(internal);
        for (const { recipientId, internal: marked } of notificationsFor(event, state, audience)) {
          const recipient = audience.user(recipientId);
          expect(marked).toBe(internal);
          expect(recipient).toBeDefined();
          if (internal && recipient) {
            expect(isStaff(recipient.role)).toBe(true);
            expect(maySeeInternalNotes(recipient, accessTo(state))).toBe(true);
          }
        }
      }
    });
  });

  test('each event renders one message of its own, or none', () => {
    fc.assert(
      fc.property(steps, (plan) => {
        const { events } = live(plan);
        const versions = events.map(messageOf).filter((message) => message !== undefined);
        expect(new Set(versions.map(({ version }) => version)).size).toBe(versions.length);
        for (const { message, attachments, messageType } of versions) {
          expect(message !== '' || attachments.length > 0).toBe(true);
          if (messageType === 'SYSTEM') expect(message).toMatch(/^\S.* \S/s);
        }
      }),
    );
  });
});

function statesAfter(
  before: TicketState,
  events: Taken['events'],
): (readonly [RecordedEvent<TicketEvent>, TicketState])[] {
  let state = before;
  return events.map((event) => {
    state = ticketDecider.evolve(state, event);
    return [event, state] as const;
  });
}

function cursorOf({ reads }: TicketState, { id }: UserFacts): number {
  return new Map(Object.entries(reads)).get(id) ?? 0;
}

function accessTo(state: TicketState): TicketAccess {
  return {
    requesterId: state.requesterId,
    assigneeId: state.assignee?.id ?? null,
    // To have posted gives no access.
    participantIds: new Set(Object.keys(state.added)),
    category: state.category,
    relations: GRN_RELATIONS,
  };
}

/** Unread messages: visible to them, not their own, not SYSTEM, after their cursor. */
function unread(history: readonly RecordedEvent<TicketEvent>[], state: TicketState, viewer: UserFacts): number {
  const internal = maySeeInternalNotes(viewer, accessTo(state));
  return history.filter(
    (event) =>
      event.type === 'MessagePosted' &&
      event.metadata.actor.id !== viewer.id &&
      (internal || !event.data.internal) &&
      event.version > cursorOf(state, viewer),
  ).length;
}
