/** What people read in a ticket's chat. */
import { describe, expect, test } from 'vitest';
import { messageOf } from '../../../src/domain/ticket/message.ts';
import { visibilityOf } from '../../../src/domain/visibility.ts';
import { GRN_RELATIONS, ticketOf, timeOf } from './history.ts';
import { admin, agent, customer, driver, ops } from './people.ts';
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

function openTicket() {
  const ticket = ticketOf(GRN_RELATIONS);
  ticket.as(driver, open());
  return ticket;
}

test('a posted message is rendered as sent, with its sender as they were then', () => {
  const ticket = openTicket();
  const [event] = ticket.as(agent, post('Hello', { messageId: 'm-1', clientMessageId: 'c-1', attachments: [receipt] }));
  expect(event && messageOf(event)).toEqual({
    id: 'm-1',
    ticketId: 'ticket-1',
    version: 2,
    senderId: '4',
    sender: { id: '4', name: 'Grace', role: 'agent' },
    message: 'Hello',
    messageType: 'TEXT',
    attachments: [receipt],
    internal: false,
    clientMessageId: 'c-1',
    createdAt: timeOf(2),
    updatedAt: timeOf(2),
  });
});

test('of an attachment only what is meant for clients is shown', () => {
  const ticket = openTicket();
  const stored = { ...receipt, path: '/secret/place' };
  const [event] = ticket.as(driver, post('', { messageType: 'FILE', attachments: [stored] }));
  expect(event && messageOf(event)?.attachments).toEqual([receipt]);
  expect(event && Object.keys(messageOf(event) ?? {})).not.toContain('clientMessageId');
});

test('an internal note says that it is one, and travels as internal', () => {
  const [event] = openTicket().as(agent, note());
  expect(event && messageOf(event)).toMatchObject({ internal: true, messageType: 'TEXT' });
  expect(event && visibilityOf(event)).toBe('internal');
});

describe('a SYSTEM message', () => {
  const say = (...commands: (readonly [typeof agent, Parameters<ReturnType<typeof openTicket>['as']>[1]])[]) => {
    const ticket = openTicket();
    for (const [by, command] of commands) ticket.as(by, command);
    const last = ticket.events.at(-1);
    return last && messageOf(last);
  };

  test('is rendered from the event, and by whoever did it', () => {
    expect(say([agent, become('in_progress')])).toEqual({
      id: 'event-2',
      ticketId: 'ticket-1',
      version: 2,
      senderId: '4',
      sender: { id: '4', name: 'Grace', role: 'agent' },
      message: 'Status changed from open to in progress by Grace',
      messageType: 'SYSTEM',
      attachments: [],
      internal: false,
      createdAt: timeOf(2),
      updatedAt: timeOf(2),
    });
  });

  test.each([
    [say([agent, assign(ops)]), 'Assigned to Olga by Grace'],
    [say([agent, assign(ops)], [admin, assign(agent)]), 'Reassigned from Olga to Grace by Ada'],
    [say([agent, assign(ops)], [agent, assign(null)]), 'Unassigned from Olga by Grace'],
    [say([agent, change({ priority: 'urgent' })]), 'Priority changed from medium to urgent by Grace'],
    [say([agent, change({ category: 'payment' })]), 'Category changed from general to payment by Grace'],
    [say([agent, change({ description: 'Secret' })]), 'Description changed by Grace'],
    [say([agent, change({ tags: ['a', 'b'] })]), 'Tags changed to a, b by Grace'],
    [say([agent, change({ tags: ['a'] })], [agent, change({ tags: [] })]), 'Tags removed by Grace'],
    [
      say([agent, change({ status: 'resolved', priority: 'low' })]),
      'Status changed from open to resolved and priority changed from medium to low by Grace',
    ],
    [
      say([agent, change({ status: 'pending', assignee: ops, description: 'x' })]),
      'Status changed from open to pending, assigned to Olga and description changed by Grace',
    ],
    [say([agent, add(customer)]), 'Cleo was added by Grace'],
    [say([agent, add(agent)]), 'Grace joined'],
    [say([agent, add(customer)], [agent, remove(customer)]), 'Cleo was removed by Grace'],
    [say([agent, add(customer)], [customer, remove(customer)]), 'Cleo left'],
    [say([agent, become('pending')], [driver, post()]), 'Status changed from pending to open by john_driver'],
  ])('says it in plain English: %o', (message, text) => {
    expect(message).toMatchObject({ message: text, messageType: 'SYSTEM', internal: false, attachments: [] });
  });

  test('is not made of opening, reading or deleting', () => {
    expect(say()).toBeUndefined();
    expect(say([agent, post()], [driver, readUpTo(2)])).toBeUndefined();
    expect(say([admin, destroy])).toBeUndefined();
  });
});

test('nothing but internal notes is internal', () => {
  const ticket = openTicket();
  ticket.as(agent, add(customer));
  ticket.as(agent, become('pending'));
  ticket.as(driver, post());
  ticket.as(agent, readUpTo(4));
  ticket.as(agent, remove(customer));
  ticket.as(admin, destroy);
  expect(new Set(ticket.events.map(visibilityOf))).toEqual(new Set(['public']));
});
