/** What a ticket does when asked, and what it refuses. Its chat has a file of its own. */
import { describe, expect, test } from 'vitest';
import { STATUSES } from '../../../src/domain/ticket/fields.ts';
import { peopleOn } from '../../../src/domain/ticket/people.ts';
import { GRN_RELATIONS, type Ticket, ticketOf, timeOf } from './history.ts';
import {
  accounts,
  admin,
  agent,
  customer,
  deactivated,
  driver,
  everyone,
  ops,
  otherDriver,
  service,
  vendor,
} from './people.ts';
import { add, assign, become, change, destroy, note, open, post, readUpTo, remove } from './ticket-commands.ts';

function openTicket(relations = GRN_RELATIONS): Ticket {
  const ticket = ticketOf(relations);
  ticket.as(driver, open());
  return ticket;
}

describe('opening a ticket', () => {
  test('records what it is about, and leaves out what was not given', () => {
    expect(ticketOf().decided(driver, open())).toEqual([
      {
        type: 'TicketOpened',
        data: {
          number: 7,
          requesterId: '1',
          requesterName: 'john_driver',
          description: 'The battery does not charge',
          category: 'general',
          priority: 'medium',
          tags: [],
        },
      },
    ]);
  });

  test('keeps station, GRN, dispatch and tags', () => {
    const ticket = ticketOf();
    const station = { id: '1', name: 'Central Station' };
    ticket.as(driver, open({ station, grnId: 'grn-1', dispatchId: 'dispatch-1', tags: ['a', 'b'] }));
    expect(ticket.state).toMatchObject({
      exists: true,
      id: 'ticket-1',
      status: 'open',
      stationId: '1',
      stationName: 'Central Station',
      grnId: 'grn-1',
      dispatchId: 'dispatch-1',
      tags: ['a', 'b'],
      createdAt: timeOf(1),
      updatedAt: timeOf(1),
    });
  });

  test('is for oneself, unless one is staff or a service', () => {
    for (const by of [agent, ops, accounts, admin, service]) expect(ticketOf().decided(by, open())).toHaveLength(1);
    for (const by of [otherDriver, customer, vendor]) expect(ticketOf().refusal(by, open()).code).toBe('forbidden');
  });

  test('happens once: again it is a conflict to those who see it, and nothing to those who do not', () => {
    const ticket = openTicket();
    expect(ticket.refusal(driver, open()).code).toBe('conflict');
    const own = open({ requester: { id: otherDriver.id, name: otherDriver.name } });
    expect(ticket.refusal(otherDriver, own).code).toBe('not_found');
  });

  test('does not bring back a deleted ticket', () => {
    const ticket = openTicket();
    ticket.as(admin, destroy);
    expect(ticket.refusal(admin, open()).code).toBe('not_found');
  });
});

describe('changing a ticket', () => {
  test('records one event with the fields that really change', () => {
    const changes = change({ status: 'in_progress', priority: 'high', category: 'general', assignee: ops });
    expect(openTicket().decided(agent, changes)).toEqual([
      {
        type: 'TicketChanged',
        data: {
          changes: {
            status: { from: 'open', to: 'in_progress' },
            priority: { from: 'medium', to: 'high' },
            assignee: { from: null, to: { id: '6', name: 'Olga' } },
          },
        },
      },
    ]);
  });

  test('to what it is already records nothing', () => {
    const ticket = openTicket();
    ticket.as(agent, change({ assignee: ops, tags: ['a'] }));
    const same = { status: 'open', priority: 'medium', category: 'general', tags: ['a'] } as const;
    const renamed = { ...ops, name: 'Olga the second' };
    expect(
      ticket.decided(agent, change({ ...same, description: 'The battery does not charge', assignee: renamed })),
    ).toEqual([]);
    expect(ticket.decided(agent, change({}))).toEqual([]);
  });

  test('is for staff who see it; its requester is refused', () => {
    const ticket = openTicket();
    for (const by of [driver, vendor]) {
      expect(ticket.refusal(by, become('resolved')).code).toBe('forbidden');
      expect(ticket.refusal(by, assign(agent)).code).toBe('forbidden');
    }
    expect(ticket.decided(ops, become('in_progress'))).toHaveLength(1);
    expect(ticket.refusal(accounts, become('resolved')).code).toBe('not_found');
  });

  test('goes between any two statuses, except from closed', () => {
    for (const from of STATUSES) {
      for (const to of STATUSES) {
        const ticket = openTicket();
        ticket.as(agent, become(from));
        if (from === to) expect(ticket.decided(agent, become(to))).toEqual([]);
        else if (from === 'closed') expect(ticket.refusal(agent, become(to)).code).toBe('conflict');
        else {
          ticket.as(agent, become(to));
          expect(ticket.state.status).toBe(to);
        }
      }
    }
  });

  test('puts a closed ticket in order, but for its status', () => {
    const ticket = openTicket();
    ticket.as(agent, become('closed'));
    ticket.as(agent, change({ category: 'technical', status: 'closed' }));
    expect(ticket.state).toMatchObject({ category: 'technical', status: 'closed' });
    expect(ticket.refusal(agent, change({ category: 'other', status: 'open' })).code).toBe('conflict');
    expect(ticket.state.category).toBe('technical');
  });

  test('assigns it to active staff only, and takes the assignee away', () => {
    const ticket = openTicket();
    for (const unfit of [driver, vendor, service, deactivated(ops)]) {
      expect(ticket.refusal(agent, assign(unfit))).toMatchObject({ code: 'invalid_payload', field: 'assigneeId' });
    }
    ticket.as(agent, assign(accounts));
    expect(ticket.decided(accounts, become('in_progress'))).toHaveLength(1);
    ticket.as(agent, assign(null));
    expect(ticket.state.assignee).toBeNull();
    expect(ticket.refusal(accounts, become('open')).code).toBe('not_found');
  });

  test('keeps an assignee who has been deactivated meanwhile', () => {
    const ticket = openTicket();
    ticket.as(agent, assign(ops));
    expect(ticket.decided(agent, change({ assignee: deactivated(ops), priority: 'low' }))).toHaveLength(1);
  });
});

describe('participants', () => {
  test('are added by staff, and see the ticket from then on', () => {
    const ticket = openTicket();
    expect(ticket.refusal(driver, add(customer)).code).toBe('forbidden');
    expect(ticket.decided(agent, add(customer))).toEqual([
      { type: 'ParticipantAdded', data: { userId: 'customer-1', name: 'Cleo', role: 'customer' } },
    ]);
    expect(ticket.decided(customer, post())).toHaveLength(1);
  });

  test('are added once, and the requester never', () => {
    const ticket = openTicket();
    ticket.as(agent, add(customer));
    expect(ticket.decided(agent, add(customer))).toEqual([]);
    expect(ticket.decided(agent, add(driver))).toEqual([]);
  });

  test('must be active', () => {
    expect(openTicket().refusal(agent, add(deactivated(customer)))).toMatchObject({
      code: 'invalid_payload',
      field: 'userId',
    });
  });

  test('are removed by staff, and see the ticket no more', () => {
    const ticket = openTicket();
    ticket.as(agent, add(customer));
    ticket.as(agent, add(otherDriver));
    expect(ticket.refusal(otherDriver, remove(customer)).code).toBe('forbidden');
    expect(ticket.decided(agent, remove(customer))).toEqual([
      { type: 'ParticipantRemoved', data: { userId: 'customer-1', name: 'Cleo' } },
    ]);
    expect(ticket.refusal(customer, post()).code).toBe('not_found');
    expect(ticket.decided(agent, remove(customer))).toEqual([]);
  });

  test('may leave by themselves', () => {
    const ticket = openTicket();
    ticket.as(agent, add(customer));
    ticket.as(customer, remove(customer));
    expect(ticket.refusal(customer, readUpTo(1)).code).toBe('not_found');
  });

  test('are on the ticket with its requester and assignee, each once', () => {
    const ticket = openTicket();
    ticket.as(agent, assign(ops));
    ticket.as(driver, post());
    ticket.as(ops, post());
    ticket.as(agent, add(customer));
    expect(peopleOn(ticket.state).toSorted()).toEqual(['1', '6', 'customer-1']);
  });
});

describe('deleting', () => {
  test('is for admins, and leaves nothing for anyone', () => {
    const ticket = openTicket();
    for (const by of [driver, agent, ops]) expect(ticket.refusal(by, destroy).code).toBe('forbidden');
    expect(ticket.refusal(otherDriver, destroy).code).toBe('not_found');
    ticket.as(admin, destroy);
    for (const by of everyone) {
      for (const command of [post(), note(), become('closed'), add(customer), remove(customer), readUpTo(1), destroy]) {
        expect(ticket.refusal(by, command)).toMatchObject({ code: 'not_found', message: 'Ticket not found' });
      }
    }
  });
});

test('a deactivated user can do nothing, and learns nothing', () => {
  for (const by of everyone.map(deactivated)) {
    for (const ticket of [openTicket(), ticketOf()]) {
      for (const command of [open(), post(), become('closed'), destroy]) {
        expect(ticket.refusal(by, command)).toMatchObject({ code: 'unauthorized' });
      }
    }
  }
});

test.each(['__proto__', 'constructor', 'toString'])('a user called %s is a user like any other', (id) => {
  const ticket = openTicket();
  const odd = { ...customer, id };
  expect(ticket.refusal(odd, post()).code).toBe('not_found');
  ticket.as(agent, add(odd));
  ticket.as(odd, post());
  ticket.as(agent, post());
  ticket.as(odd, readUpTo(4));
  expect(JSON.parse(JSON.stringify(ticket.state))).toEqual(ticket.state);
  expect(peopleOn(ticket.state)).toContain(id);
  expect(Object.entries(ticket.state.reads)).toContainEqual([id, 4]);
  ticket.as(agent, remove(odd));
  expect(ticket.refusal(odd, post()).code).toBe('not_found');
  expect(Object.getPrototypeOf(ticket.state.participants)).toBe(Object.prototype);
});
