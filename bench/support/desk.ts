/**
 * The events of a busy desk: drivers open tickets, agents are assigned; both post and read, and sometimes change a
 * ticket.
 */
import { randomUUID } from 'node:crypto';
import type { Stream } from '../../src/domain/event.ts';
import type { Actor } from '../../src/domain/user/identity.ts';
import { TEXT, type UnrecordedEvent } from './log.ts';

export const EVENTS_PER_TICKET = 50;
const OPEN_TICKETS = 500;

const people = (role: 'driver' | 'agent' | 'admin', count: number): Actor[] =>
  Array.from({ length: count }, (_, index) => ({ id: `${role}-${index}`, name: `${role} ${index}`, role }));

const DRIVERS = people('driver', 500);
const AGENTS = people('agent', 30);
const ADMINS = people('admin', 2);
const SYSTEM: Actor = { id: 'system', name: 'System', role: 'admin' };

/** An endless history. Its events always concern the 500 newest tickets, so that tickets have about 50 events each. */
export function* deskHistory(): Generator<UnrecordedEvent> {
  yield* registrations();
  for (let newest = 0; ; newest += 1) {
    yield* opening(newest);
    const oldest = Math.max(0, newest - OPEN_TICKETS);
    for (let n = 2; n < EVENTS_PER_TICKET; n += 1) {
      yield randomEventIn(oldest + Math.floor(Math.random() * (newest + 1 - oldest)));
    }
  }
}

/** The users, and the references of tickets. */
export function* registrations(): Generator<UnrecordedEvent> {
  for (const { id, name, role } of [...DRIVERS, ...AGENTS, ...ADMINS]) {
    const data = { name, role, email: `${id}@example.com` };
    yield { stream: `user.${id}`, event: { type: 'UserRegistered', data }, by: SYSTEM };
  }
  for (let grn = 0; grn < 50; grn += 1) {
    const data = { type: 'grn', id: String(grn), vendorId: `vendor-${grn % 7}`, verifiedBy: 'agent-1' } as const;
    yield { stream: `reference.grn-${grn}`, event: { type: 'ReferenceSet', data }, by: SYSTEM };
  }
}

const driverOf = (ticket: number) => DRIVERS[ticket % DRIVERS.length] ?? SYSTEM;
const agentOf = (ticket: number) => AGENTS[ticket % AGENTS.length] ?? SYSTEM;

export function* opening(ticket: number): Generator<UnrecordedEvent> {
  const stream: Stream = `ticket.${ticket}`;
  const [driver, agent] = [driverOf(ticket), agentOf(ticket)];
  yield {
    stream,
    by: driver,
    event: {
      type: 'TicketOpened',
      data: {
        number: ticket + 1,
        requesterId: driver.id,
        requesterName: driver.name,
        description: TEXT,
        category: 'general',
        priority: 'medium',
        tags: [],
        ...(ticket % 5 === 0 && { grnId: String(ticket % 50) }),
      },
    },
  };
  const assignee = { from: null, to: { id: agent.id, name: agent.name } };
  const status = { from: 'open', to: 'in_progress' } as const;
  yield { stream, by: ADMINS[0] ?? SYSTEM, event: { type: 'TicketChanged', data: { changes: { assignee, status } } } };
}

/** A message by the driver or the agent of a ticket. */
export function posting(ticket: number, who: 'driver' | 'agent', internal = false): UnrecordedEvent {
  const by = who === 'agent' ? agentOf(ticket) : driverOf(ticket);
  const message = { messageId: randomUUID(), message: TEXT, messageType: 'TEXT', attachments: [] } as const;
  return { stream: `ticket.${ticket}`, by, event: { type: 'MessagePosted', data: { ...message, internal } } };
}

export function randomEventIn(ticket: number): UnrecordedEvent {
  const stream: Stream = `ticket.${ticket}`;
  const what = Math.random();
  const who = Math.random() < 0.5 ? 'driver' : 'agent';
  if (what < 0.8) return posting(ticket, who, who === 'agent' && what < 0.05);
  const by = who === 'agent' ? agentOf(ticket) : driverOf(ticket);
  if (what < 0.95) {
    return { stream, by, event: { type: 'TicketRead', data: { userId: by.id, upTo: EVENTS_PER_TICKET } } };
  }
  if (what < 0.98) {
    const changes = { priority: { from: 'medium', to: 'high' } } as const;
    return { stream, by: agentOf(ticket), event: { type: 'TicketChanged', data: { changes } } };
  }
  return { stream: `user.${by.id}`, by, event: { type: 'AllNotificationsRead', data: {} } };
}
