/** Tests that no event, version or marker that requesters see tells of internal notes. */
import { describe, expect, test } from 'vitest';
import { maySeeTicket } from '../../../src/domain/access.ts';
import type { RecordedEvent } from '../../../src/domain/event.ts';
import type { TicketEvent } from '../../../src/domain/ticket/events.ts';
import { accessOf, participantIdsOf, rowOf } from '../../../src/domain/ticket/people.ts';
import { shownEvent, shownVersion, streamVersion } from '../../../src/domain/ticket/public-view.ts';
import { visibilityOf } from '../../../src/domain/visibility.ts';
import { GRN_RELATIONS, NO_RELATIONS, type Ticket, ticketOf } from './history.ts';
import { agent, driver, ops, vendor } from './people.ts';
import { add, assign, note, open, post } from './ticket-commands.ts';

/** What a requester sees of a history: public events in public versions, without ids and times of the tests. */
function shownTo(ticket: Ticket): unknown[] {
  const { internalVersions } = ticket.state;
  return ticket.events
    .filter((event) => visibilityOf(event) === 'public')
    .map((event) => shownEvent(event as RecordedEvent<TicketEvent>, internalVersions, 'public'))
    .map(({ version, type, data, metadata }) => ({ version, type, data, actor: metadata.actor.id }));
}

const read = (upTo: number) => ({ type: 'MarkTicketRead', upTo }) as const;

/** The same history twice, once with what staff do among themselves. */
function play(secretly: boolean): Ticket {
  const ticket = ticketOf(GRN_RELATIONS);
  const staff = (upTo: number) => read(streamVersion(upTo, ticket.state.internalVersions, 'public'));
  ticket.as(driver, open());
  if (secretly) ticket.as(agent, note());
  ticket.as(driver, post());
  if (secretly) ticket.as(ops, note());
  if (secretly) ticket.as(ops, note());
  ticket.as(agent, staff(2));
  if (secretly) ticket.as(agent, read(ticket.state.version));
  ticket.as(driver, read(3));
  ticket.as(agent, post());
  if (secretly) ticket.as(agent, note());
  ticket.as(driver, read(5));
  ticket.as(driver, read(6));
  ticket.as(driver, read(999));
  return ticket;
}

describe('an internal note', () => {
  test('leaves the events of requesters as they would be without it', () => {
    expect(shownTo(play(true))).toEqual(shownTo(play(false)));
  });

  test('leaves the ticket of requesters as it would be without it', () => {
    const { updatedAt: _a, ...withNotes } = rowOf(play(true).state, driver);
    const { updatedAt: _b, ...without } = rowOf(play(false).state, driver);
    const shown = ({ version, revision, participantIds }: typeof withNotes) => ({ version, revision, participantIds });
    expect(shown(withNotes as never)).toEqual(shown(without as never));
  });

  test('makes nobody a participant', () => {
    const ticket = ticketOf(GRN_RELATIONS);
    ticket.as(driver, open());
    ticket.as(ops, note());
    expect(participantIdsOf(ticket.state)).toEqual([]);
    expect(ticket.decided(agent, { type: 'RemoveParticipant', userId: ops.id })).toEqual([]);
    expect(ticket.decided(agent, add(ops))).toHaveLength(1);
  });

  test('has versions that go there and back', () => {
    const internal = [1, 4, 5, 9];
    for (let version = 1; version < 12; version++) {
      if (internal.includes(version)) continue;
      const shown = shownVersion(version, internal, 'public');
      expect(streamVersion(shown, internal, 'public'), String(version)).toBe(version);
    }
    const all = Array.from({ length: 11 }, (_, index) => index + 1).filter((version) => !internal.includes(version));
    expect(all.map((version) => shownVersion(version, internal, 'public'))).toEqual([1, 2, 3, 4, 5, 6, 7]);
  });
});

describe('access by having posted', () => {
  test('ends with the relation that gave it', () => {
    const ticket = ticketOf(GRN_RELATIONS);
    ticket.as(driver, open());
    ticket.as(vendor, post());
    expect(participantIdsOf(ticket.state)).toEqual([vendor.id]);
    expect(maySeeTicket(vendor, accessOf(ticket.state, GRN_RELATIONS))).toBe(true);
    expect(maySeeTicket(vendor, accessOf(ticket.state, NO_RELATIONS))).toBe(false);
    expect(ticket.decided(agent, add(vendor))).toHaveLength(1);
    ticket.as(agent, add(vendor));
    expect(maySeeTicket(vendor, accessOf(ticket.state, NO_RELATIONS))).toBe(true);
  });

  test('ends with the assignment', () => {
    const ticket = ticketOf();
    ticket.as(driver, open());
    ticket.as(agent, assign(ops));
    ticket.as(ops, post());
    ticket.as(agent, assign(agent));
    expect(maySeeTicket(ops, accessOf(ticket.state, NO_RELATIONS))).toBe(false);
    expect(maySeeTicket(driver, accessOf(ticket.state, NO_RELATIONS))).toBe(true);
  });
});
