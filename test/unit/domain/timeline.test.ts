/** What staff read of a ticket's history. */
import { expect, test } from 'vitest';
import type { RecordedEvent } from '../../../src/domain/event.ts';
import type { TicketEvent } from '../../../src/domain/ticket/events.ts';
import { timelineEntryOf } from '../../../src/domain/ticket/timeline.ts';
import { GRN_RELATIONS, ticketOf, timeOf } from './history.ts';
import { admin, agent, customer, driver, ops } from './people.ts';
import { add, assign, become, destroy, note, open, post, readUpTo, receipt, remove } from './ticket-commands.ts';

const stored = { ...receipt, path: '/secret/place' };

function wholeLife(): RecordedEvent<TicketEvent>[] {
  const ticket = ticketOf(GRN_RELATIONS);
  return [
    ticket.as(agent, open({ grnId: 'grn-1', tags: ['a'] })),
    ticket.as(agent, become('pending')),
    ticket.as(ops, assign(ops)),
    ticket.as(agent, add(customer)),
    ticket.as(driver, post('', { messageType: 'FILE', attachments: [stored] })),
    ticket.as(agent, note()),
    ticket.as(driver, readUpTo(7)),
    ticket.as(agent, remove(customer)),
    ticket.as(admin, destroy),
  ].flat();
}

test('every event is told, in its order, with who and when', () => {
  const events = wholeLife();
  const entries = events.map(timelineEntryOf);
  expect(entries.map(({ version, summary }) => [version, summary])).toEqual([
    [1, 'Opened by Grace for john_driver'],
    [2, 'Status changed from open to pending by Grace'],
    [3, 'Assigned to Olga by Olga'],
    [4, 'Cleo was added by Grace'],
    [5, 'Message posted by john_driver'],
    [6, 'Status changed from pending to open by john_driver'],
    [7, 'Internal note posted by Grace'],
    [8, 'Read by john_driver'],
    [9, 'Cleo was removed by Grace'],
    [10, 'Deleted by Ada'],
  ]);
  expect(entries[0]).toMatchObject({ time: timeOf(1), actor: { id: '4', name: 'Grace', role: 'agent' } });
});

test('what changed is told, and of files only what is meant for people', () => {
  const data = new Map(wholeLife().map((event) => [event.version, timelineEntryOf(event).data]));
  expect(data.get(1)).toMatchObject({ requesterId: '1', grnId: 'grn-1', dispatchId: null, tags: ['a'] });
  expect(data.get(2)).toEqual({ changes: { status: { from: 'open', to: 'pending' } } });
  expect(data.get(5)).toMatchObject({ message: '', attachments: [receipt] });
  expect(data.get(7)).toMatchObject({ message: 'Between us', internal: true });
  expect(data.get(8)).toEqual({ userId: '1', upTo: 7 });
  expect(JSON.stringify([...data.values()])).not.toContain('secret');
});

test('where somebody was is told, and nothing else of how it came in', () => {
  const [event] = wholeLife();
  if (event === undefined) throw new Error('nothing happened');
  const metadata = { ...event.metadata, address: '203.0.113.7', fingerprint: 'f', traceparent: 't' };
  const { correlationId } = event.metadata;
  expect(timelineEntryOf({ ...event, metadata })).toMatchObject({ address: '203.0.113.7', requestId: correlationId });
  expect(Object.keys(timelineEntryOf({ ...event, metadata })).sort()).toEqual(
    ['version', 'position', 'id', 'type', 'time', 'actor', 'address', 'requestId', 'summary', 'data'].sort(),
  );
  expect(timelineEntryOf(event).address).toBeNull();
});
