/**
 * Golden histories: what logs out there hold must fold under today's code as it always did.
 *
 * Golden files are never edited, only added: a new event, or a new field of one, gets a new file beside the old ones. A
 * state may gain fields that an old file does not know; those which it knows keep their meaning.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { deciders } from '../../../src/domain/deciders.ts';
import type { Decider, DomainEvent, RecordedEvent } from '../../../src/domain/event.ts';
import { parseStream } from '../../../src/domain/event.ts';
import type { TicketEvent } from '../../../src/domain/ticket/events.ts';
import { messageOf } from '../../../src/domain/ticket/message.ts';

interface Golden {
  readonly stream: string;
  readonly events: readonly RecordedEvent[];
  /** After all of them. */
  readonly state: object;
}

const folder = new URL('../../golden/', import.meta.url);
const goldens = new Map(
  readdirSync(folder).map((file) => [file, JSON.parse(readFileSync(new URL(file, folder), 'utf8')) as Golden]),
);

function fold({ stream, events }: Golden): unknown {
  // A file is of one kind; that its events are of that kind is what makes it a history.
  const decider = deciders[parseStream(stream).kind] as unknown as Decider<unknown, unknown, DomainEvent>;
  return events.reduce((state, event) => decider.evolve(state, event), decider.initialState());
}

describe.each([...goldens])('%s', (_file, golden) => {
  test('folds to the state that it had', () => {
    const known = Object.keys(golden.state);
    const entries = Object.entries(fold(golden) as object);
    expect(Object.fromEntries(entries.filter(([field]) => known.includes(field)))).toEqual(golden.state);
  });

  test('is a stream: versions from 1 without gaps', () => {
    expect(golden.events.map(({ version }) => version)).toEqual(golden.events.map((_event, index) => index + 1));
    expect(new Set(golden.events.map(({ stream }) => stream))).toEqual(new Set([golden.stream]));
  });
});

/** Every type of event there is: the compiler asks for what is missing here, the test for a history that has it. */
const types: Record<DomainEvent['type'], true> = {
  TicketOpened: true,
  TicketChanged: true,
  ParticipantAdded: true,
  ParticipantRemoved: true,
  MessagePosted: true,
  TicketRead: true,
  TicketDeleted: true,
  UserRegistered: true,
  UserChanged: true,
  NotificationSent: true,
  NotificationsRead: true,
  AllNotificationsRead: true,
  InboxSeen: true,
  AccountActivityRecorded: true,
  RoomConfigured: true,
  RoomMessagePosted: true,
  ReferenceSet: true,
};

test('every type of event has a golden history', () => {
  const golden = [...goldens.values()].flatMap(({ events }) => events.map(({ type }) => type));
  expect(new Set(golden)).toEqual(new Set(Object.keys(types)));
});

test('old messages are rendered as they always were', () => {
  const events = goldens.get('ticket-full-v1.json')?.events as readonly RecordedEvent<TicketEvent>[];
  const texts = events.map((event) => messageOf(event)?.message);
  expect(texts).toEqual([
    undefined,
    'Status changed from open to in progress by Grace',
    'Priority changed from high to urgent, category changed from technical to payment, assigned to Olga, tags removed and description changed by Grace',
    'Cleo was added by Grace',
    'Proto was added by Grace',
    'Hello?',
    'Only between us',
    '',
    'Two of them',
    undefined,
    undefined,
    'Cleo was removed by Grace',
    'Status changed from in progress to pending and reassigned from Olga to Grace by Grace',
    'It works again',
    'Status changed from pending to open by john_driver',
    'Unassigned from Grace by Grace',
    'Status changed from open to resolved by Grace',
    'Status changed from resolved to closed by Grace',
  ]);
});
