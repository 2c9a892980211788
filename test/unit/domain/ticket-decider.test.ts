/** What a ticket does when asked, and what it refuses. */
import { describe, expect, test } from 'vitest';
import { STATUSES } from '../../../src/domain/ticket/events.ts';
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
import {
  add,
  assign,
  become,
  change,
  destroy,
  note,
  open,
  post,
  readUpTo,
  receipt,
  remove,
} from './ticket-commands.ts';

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

describe('posting', () => {
  test('records the message, with clientMessageId only when there is one', () => {
    const ticket = openTicket();
    const data = { messageId: 'm', message: 'Hello', messageType: 'TEXT', attachments: [receipt], internal: false };
    expect(ticket.decided(driver, post('Hello', { messageId: 'm', attachments: [receipt] }))).toEqual([
      { type: 'MessagePosted', data },
    ]);
    const again = post('Hello', { messageId: 'm', attachments: [receipt], clientMessageId: 'c' });
    expect(ticket.decided(driver, again)).toEqual([{ type: 'MessagePosted', data: { ...data, clientMessageId: 'c' } }]);
  });

  test('is for everyone who sees the ticket', () => {
    const ticket = openTicket();
    for (const by of [driver, admin, agent, vendor, ops]) expect(ticket.decided(by, post())).toHaveLength(1);
    for (const by of [otherDriver, customer, accounts, service]) {
      expect(ticket.refusal(by, post()).code).toBe('not_found');
    }
  });

  test('internally is for staff', () => {
    const ticket = openTicket();
    for (const by of [admin, agent, ops]) expect(ticket.decided(by, note())).toHaveLength(1);
    for (const by of [driver, vendor]) expect(ticket.refusal(by, note()).code).toBe('forbidden');
    expect(ticket.refusal(otherDriver, note()).code).toBe('not_found');
  });

  test('needs text or attachments', () => {
    const ticket = openTicket();
    for (const empty of ['', ' \n\t']) {
      expect(ticket.refusal(driver, post(empty))).toMatchObject({ code: 'invalid_payload', field: 'message' });
      expect(ticket.decided(driver, post(empty, { messageType: 'FILE', attachments: [receipt] }))).toHaveLength(1);
    }
  });

  test('refuses text that the log cannot hold', () => {
    const ticket = openTicket();
    for (const bad of ['a\0b', 'half \ud83d of it']) {
      expect(ticket.refusal(driver, post(bad))).toMatchObject({ code: 'invalid_payload', field: 'message' });
      expect(ticketOf().refusal(driver, open({ description: bad })).field).toBe('description');
      expect(ticket.refusal(agent, change({ tags: [bad] })).field).toBe('tags');
    }
  });

  test('makes whoever posts a participant, as they are now, and one who has read everything', () => {
    const ticket = openTicket();
    ticket.as(vendor, post());
    ticket.as(agent, post());
    ticket.as({ ...vendor, name: 'Vera V.' }, post());
    expect(ticket.state.participants).toEqual({
      [vendor.id]: { name: 'Vera V.', role: 'vendor' },
      [agent.id]: { name: 'Grace', role: 'agent' },
    });
    expect(ticket.state.reads).toEqual({ [agent.id]: 3, [vendor.id]: 4 });
    expect(ticket.state.lastMessageVersion).toBe(4);
  });

  test.each(['pending', 'resolved'] as const)('reopens a %s ticket when its requester answers', (status) => {
    const ticket = openTicket();
    ticket.as(agent, become(status));
    const [posted, reopened, ...more] = ticket.decided(driver, post());
    expect(posted?.type).toBe('MessagePosted');
    expect(reopened).toEqual({ type: 'TicketChanged', data: { changes: { status: { from: status, to: 'open' } } } });
    expect(more).toEqual([]);
    expect(ticket.state.status).toBe('open');
  });

  test('reopens for a vendor or a copied customer too, not for staff, notes or services', () => {
    const pending = () => {
      const ticket = openTicket();
      for (const user of [customer, service]) ticket.as(agent, add(user));
      ticket.as(agent, become('pending'));
      return ticket;
    };
    for (const by of [vendor, customer]) expect(pending().decided(by, post())).toHaveLength(2);
    for (const by of [agent, ops, service]) expect(pending().decided(by, post())).toHaveLength(1);
    expect(pending().decided(agent, note())).toHaveLength(1);
  });

  test('reopens for staff who asked for themselves, unless it is a note', () => {
    const ticket = ticketOf();
    ticket.as(ops, open({ requester: { id: ops.id, name: ops.name } }));
    ticket.as(agent, become('resolved'));
    expect(ticket.decided(ops, note())).toHaveLength(1);
    expect(ticket.decided(ops, post())).toHaveLength(2);
  });

  test('leaves open and in_progress as they are', () => {
    const ticket = openTicket();
    expect(ticket.decided(driver, post())).toHaveLength(1);
    ticket.as(agent, become('in_progress'));
    expect(ticket.decided(driver, post())).toHaveLength(1);
  });

  test('in a closed ticket is a conflict, for everyone and for notes', () => {
    const ticket = openTicket();
    ticket.as(agent, become('closed'));
    expect(ticket.refusal(driver, post()).code).toBe('conflict');
    expect(ticket.refusal(agent, post()).code).toBe('conflict');
    expect(ticket.refusal(agent, note()).code).toBe('conflict');
    expect(ticket.refusal(driver, note()).code).toBe('forbidden');
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

describe('reading', () => {
  test('moves the own cursor forward, and never back', () => {
    const ticket = openTicket();
    ticket.as(agent, post('one'));
    ticket.as(agent, post('two'));
    expect(ticket.decided(driver, readUpTo(2))).toEqual([{ type: 'TicketRead', data: { userId: '1', upTo: 2 } }]);
    expect(ticket.decided(driver, readUpTo(2))).toEqual([]);
    expect(ticket.decided(driver, readUpTo(1))).toEqual([]);
    expect(ticket.decided(driver, readUpTo(3))).toHaveLength(1);
    expect(ticket.state.reads).toMatchObject({ [driver.id]: 3 });
  });

  test('goes no further than the ticket does', () => {
    const ticket = openTicket();
    ticket.as(agent, post());
    expect(ticket.decided(driver, readUpTo(1_000_000))).toEqual([
      { type: 'TicketRead', data: { userId: '1', upTo: 2 } },
    ]);
  });

  test('is itself nothing to read, so that readers do not keep each other reading', () => {
    const ticket = openTicket();
    ticket.as(agent, post());
    for (const by of [driver, admin]) ticket.as(by, readUpTo(1000));
    for (const by of [driver, admin, agent]) expect(ticket.decided(by, readUpTo(1000))).toEqual([]);
  });

  test('takes a version, and nothing else', () => {
    const ticket = openTicket();
    for (const bad of [-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(ticket.refusal(driver, readUpTo(bad))).toMatchObject({ code: 'invalid_payload', field: 'upTo' });
    }
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

test('neither reading nor an internal note updates the ticket in the eyes of its requester', () => {
  const ticket = openTicket();
  ticket.as(agent, note());
  ticket.as(agent, readUpTo(2));
  expect(ticket.state.updatedAt).toBe(timeOf(1));
  ticket.as(agent, post());
  expect(ticket.state.updatedAt).toBe(ticket.events.at(-1)?.time);
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
