/** Tickets for the tests of the console. */
import type { Ticket } from '../../../src/client/index.ts';
import { ticketWire } from '../../../src/contract/ticket.ts';
import { initialTicket } from '../../../src/domain/ticket/evolve.ts';
import { rowOf } from '../../../src/domain/ticket/people.ts';

export function ticket(number: number, more: Partial<Ticket> = {}): Ticket {
  return {
    ...ticketWire(rowOf(initialTicket(), { id: '1', name: 'x', role: 'agent', active: true }), 0),
    id: `t${number}`,
    number,
    version: 1,
    requesterId: '1',
    requesterName: 'john_driver',
    description: 'Battery swap failed',
    createdAt: '2026-03-01T10:00:00.000Z',
    updatedAt: '2026-03-01T10:00:00.000Z',
    ...more,
  };
}
