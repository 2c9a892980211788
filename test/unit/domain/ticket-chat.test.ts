/** What happens when people write and read in a ticket. */
import { describe, expect, test } from 'vitest';
import { GRN_RELATIONS, type Ticket, ticketOf, timeOf } from './history.ts';
import { accounts, admin, agent, customer, driver, ops, otherDriver, service, vendor } from './people.ts';
import { add, become, change, note, open, post, readUpTo, receipt } from './ticket-commands.ts';

function openTicket(relations = GRN_RELATIONS): Ticket {
  const ticket = ticketOf(relations);
  ticket.as(driver, open());
  return ticket;
}

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
    for (const empty of ['', ' \n\t', '\u200b']) {
      expect(ticket.refusal(driver, post(empty))).toMatchObject({ code: 'invalid_payload', field: 'message' });
    }
    expect(ticket.decided(driver, post('', { messageType: 'FILE', attachments: [receipt] }))).toHaveLength(1);
  });

  test('refuses text that the log cannot hold', () => {
    const ticket = openTicket();
    for (const bad of ['a\0b', 'half \ud83d of it', 'a\u009bb', '\u2800']) {
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

  test('recorded out of order moves no cursor back', () => {
    const ticket = openTicket();
    ticket.as(agent, post());
    ticket.record({ type: 'TicketRead', data: { userId: driver.id, upTo: 2 } }, driver);
    ticket.record({ type: 'TicketRead', data: { userId: driver.id, upTo: 1 } }, driver);
    expect(ticket.state.reads).toMatchObject({ [driver.id]: 2 });
  });

  test('takes a version, and nothing else', () => {
    const ticket = openTicket();
    for (const bad of [-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(ticket.refusal(driver, readUpTo(bad))).toMatchObject({ code: 'invalid_payload', field: 'upTo' });
    }
  });
});

test('neither reading nor an internal note updates the ticket in the eyes of its requester', () => {
  const ticket = openTicket();
  ticket.as(agent, note());
  ticket.as(agent, readUpTo(2));
  expect(ticket.state.updatedAt).toBe(timeOf(1));
  ticket.as(agent, post());
  expect(ticket.state.updatedAt).toBe(ticket.events.at(-1)?.time);
});
