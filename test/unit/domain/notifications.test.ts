/** Who is told of what: the table of docs/protocol.md section 3, row by row. */
import { describe, expect, test } from 'vitest';
import { type Audience, notificationSent, notificationsFor } from '../../../src/domain/notification/rules.ts';
import type { TicketCommand } from '../../../src/domain/ticket/decider.ts';
import { userDecider } from '../../../src/domain/user/decider.ts';
import type { UserFacts } from '../../../src/domain/user/identity.ts';
import { historyOf, NO_RELATIONS, type Ticket, ticketOf, timeOf } from './history.ts';
import { accounts, admin, agent, customer, deactivated, driver, everyone, otherAdmin, vendor } from './people.ts';
import { add, assign, become, change, destroy, note, open, post, readUpTo, remove } from './ticket-commands.ts';

function audienceOf(users: readonly UserFacts[] = everyone): Audience {
  const byId = new Map(users.map((user) => [user.id, user]));
  return {
    admins: users.filter(({ role }) => role === 'admin'),
    user: (id) => byId.get(id),
    relations: () => NO_RELATIONS,
  };
}

/** What the last event of a command tells whom. */
function told(ticket: Ticket, by: UserFacts, command: TicketCommand, audience = audienceOf()) {
  const event = ticket.as(by, command).at(-1);
  if (event === undefined) throw new Error('nothing happened');
  return notificationsFor(event, ticket.state, audience);
}

/** Recipient and event name of each. */
function summary(notifications: ReturnType<typeof told>) {
  return Object.fromEntries(notifications.map(({ recipientId, event }) => [recipientId, event]));
}

/** Opened by the driver with a station, assigned to the accounts user. */
function workedOn(): Ticket {
  const ticket = ticketOf();
  ticket.as(driver, open({ station: { id: '1', name: 'Central Station' } }));
  ticket.as(agent, assign(accounts));
  return ticket;
}

const row = {
  support_id: 7,
  ticketId: 'ticket-1',
  user_id: 1,
  username: 'john_driver',
  description: 'The battery does not charge',
  status: 'open',
  station_id: 1,
  station_name: 'Central Station',
  category: 'general',
  priority: 'medium',
  created_at: timeOf(1),
};

describe('a ticket that is opened', () => {
  test('is told to all admins, in the words of seed A', () => {
    const station = { id: '1', name: 'Central Station' };
    const notifications = told(ticketOf(), driver, open({ station }));
    expect(notifications).toEqual(
      [admin, otherAdmin].map(({ id }) => ({
        recipientId: id,
        event: 'support:ticket:created',
        type: 'support_ticket_created',
        key: 'support_ticket_created',
        params: { username: 'john_driver' },
        data: { ...row, updated_at: timeOf(1) },
        priority: 'high',
        internal: false,
      })),
    );
  });

  test('by an admin is told to the other admins', () => {
    expect(summary(told(ticketOf(), admin, open()))).toEqual({ [otherAdmin.id]: 'support:ticket:created' });
  });
});

describe('a ticket that changes', () => {
  test('is told to its requester and its assignee, as it is afterwards', () => {
    const ticket = workedOn();
    const notifications = told(ticket, agent, become('in_progress'));
    expect(notifications).toEqual(
      [driver, accounts].map(({ id }) => ({
        recipientId: id,
        event: 'support:ticket:updated',
        type: 'support_ticket_updated',
        key: 'support_ticket_updated',
        params: { number: 7 },
        data: { ...row, status: 'in_progress', updated_at: timeOf(3) },
        priority: 'medium',
        internal: false,
      })),
    );
    expect(summary(told(ticket, accounts, become('pending')))).toEqual({ [driver.id]: 'support:ticket:updated' });
  });

  test.each(['resolved', 'closed'] as const)('to %s is told so to its requester', (status) => {
    const [toDriver, toAssignee, ...more] = told(workedOn(), agent, become(status));
    expect(toDriver).toEqual({
      recipientId: driver.id,
      event: 'support:ticket:resolved',
      type: 'support_ticket_resolved',
      key: 'support_ticket_resolved',
      params: { number: 7 },
      data: { ...row, status, updated_at: timeOf(3) },
      priority: 'low',
      internal: false,
    });
    expect(toAssignee).toMatchObject({ recipientId: accounts.id, event: 'support:ticket:updated' });
    expect(more).toEqual([]);
  });

  test('while resolved is told as an update', () => {
    const ticket = workedOn();
    ticket.as(agent, become('resolved'));
    expect(summary(told(ticket, agent, change({ priority: 'low' })))[driver.id]).toBe('support:ticket:updated');
  });

  test('hands is told to the new assignee, and as an update to the requester', () => {
    const notifications = told(workedOn(), admin, change({ assignee: agent, priority: 'high' }));
    expect(summary(notifications)).toEqual({
      [driver.id]: 'support:ticket:updated',
      [agent.id]: 'support:ticket:assigned',
    });
    expect(notifications.find(({ recipientId }) => recipientId === agent.id)).toMatchObject({
      type: 'support_ticket_assigned',
      key: 'support_ticket_assigned',
      params: { number: 7 },
      data: { support_id: 7, ticketId: 'ticket-1', priority: 'high' },
      priority: 'medium',
    });
  });

  test('in someone own hands is not told to them', () => {
    expect(summary(told(workedOn(), agent, assign(agent)))).toEqual({ [driver.id]: 'support:ticket:updated' });
  });

  test('is told once to a requester who is its assignee, by what matters most', () => {
    const ticket = ticketOf();
    ticket.as(agent, open({ requester: { id: agent.id, name: agent.name } }));
    expect(summary(told(ticket, admin, assign(agent)))).toEqual({ [agent.id]: 'support:ticket:assigned' });
    expect(summary(told(ticket, admin, become('in_progress')))).toEqual({ [agent.id]: 'support:ticket:updated' });
    expect(summary(told(ticket, admin, become('resolved')))).toEqual({ [agent.id]: 'support:ticket:resolved' });
  });

  test('because its requester answered is told to the assignee', () => {
    const ticket = workedOn();
    ticket.as(agent, become('pending'));
    expect(summary(told(ticket, driver, post()))).toEqual({ [accounts.id]: 'support:ticket:updated' });
  });
});

describe('a message', () => {
  test('is told to the others on the ticket', () => {
    const ticket = workedOn();
    ticket.as(agent, add(customer));
    const notifications = told(ticket, driver, post('Is anybody\n there?', { messageId: 'm-1' }));
    expect(notifications).toEqual(
      [accounts, customer].map(({ id }) => ({
        recipientId: id,
        event: 'support:message:new',
        type: 'support_message_new',
        key: 'support_message_new',
        params: { senderName: 'john_driver', sent: 'text', preview: 'Is anybody there?', count: 0, fileName: '' },
        data: {
          support_id: 7,
          ticketId: 'ticket-1',
          messageId: 'm-1',
          version: 4,
          senderId: '1',
          senderName: 'john_driver',
        },
        priority: 'medium',
        internal: false,
      })),
    );
    expect(Object.keys(summary(told(ticket, agent, post()))).toSorted()).toEqual(['1', '7', 'customer-1']);
  });

  test('that is an internal note is told only to staff on the ticket', () => {
    const ticket = workedOn();
    ticket.as(agent, add(customer));
    ticket.as(agent, add(vendor));
    const notifications = told(ticket, agent, note());
    expect(notifications).toMatchObject([{ recipientId: accounts.id, internal: true }]);
  });

  test('that is an internal note is not told to staff who are staff no more', () => {
    const demoted = everyone.map((user) => (user === accounts ? { ...user, role: 'customer' as const } : user));
    expect(told(workedOn(), agent, note(), audienceOf(demoted))).toEqual([]);
  });
});

test('a deleted ticket is told to its requester', () => {
  expect(told(workedOn(), admin, destroy)).toEqual([
    {
      recipientId: driver.id,
      event: 'support:ticket:deleted',
      type: 'support_ticket_deleted',
      key: 'support_ticket_deleted',
      params: { number: 7 },
      data: { ...row, updated_at: timeOf(3) },
      priority: 'low',
      internal: false,
    },
  ]);
});

test('reading, adding and removing people is told to nobody', () => {
  const ticket = workedOn();
  expect(told(ticket, agent, add(customer))).toEqual([]);
  expect(told(ticket, driver, readUpTo(3))).toEqual([]);
  expect(told(ticket, agent, remove(customer))).toEqual([]);
});

test('whoever is deactivated, unknown or off the ticket is told nothing', () => {
  const inactive = audienceOf(everyone.map((user) => (user === driver ? deactivated(user) : user)));
  const unknown = audienceOf(everyone.filter((user) => user !== driver));
  for (const audience of [inactive, unknown]) {
    expect(summary(told(workedOn(), agent, become('resolved'), audience))).toEqual({
      [accounts.id]: 'support:ticket:updated',
    });
  }
  const ticket = workedOn();
  ticket.as(agent, add(customer));
  ticket.as(agent, remove(customer));
  ticket.as(admin, assign(null));
  expect(summary(told(ticket, agent, post()))).toEqual({ [driver.id]: 'support:message:new' });
});

test('one sent through the API reaches its user as it was sent, even from oneself', () => {
  const user = historyOf(userDecider, admin.id);
  user.do({ type: 'RegisterUser', name: 'Ada', role: 'admin' }, { by: admin });
  const sent = { title: 'Hi', message: 'You', data: { a: 1 }, priority: 'urgent' } as const;
  const [event] = user.do({ type: 'SendNotification', notificationType: 'note', ...sent }, { by: admin });
  if (event?.type !== 'NotificationSent') throw new Error('nothing was sent');
  expect(notificationSent(event)).toEqual({
    recipientId: admin.id,
    event: null,
    type: 'note',
    key: null,
    ...sent,
    internal: false,
  });
});
