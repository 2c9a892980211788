/** Tickets for the tests of the console. */
import type { Ticket } from '../../../src/client/index.ts';

export function ticket(number: number, more: Partial<Ticket> = {}): Ticket {
  return {
    id: `t${number}`,
    number,
    version: 1,
    requesterId: '1',
    requesterName: 'john_driver',
    description: 'Battery swap failed',
    status: 'open',
    category: 'general',
    priority: 'medium',
    assigneeId: null,
    stationId: null,
    stationName: null,
    grnId: null,
    dispatchId: null,
    tags: [],
    participantIds: [],
    unread: 0,
    createdAt: '2026-03-01T10:00:00.000Z',
    updatedAt: '2026-03-01T10:00:00.000Z',
    ...more,
  };
}
