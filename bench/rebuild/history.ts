/**
 * A log as a busy desk makes it, straight into the table of events: drivers open tickets, agents are assigned, they talk,
 * read and now and then change something. Always about the 500 newest tickets, so that tickets have about 50 events each.
 */
import { randomUUID } from 'node:crypto';
import pg from 'pg';
import type { DomainEvent, Stream } from '../../src/domain/event.ts';
import type { Actor } from '../../src/domain/user/identity.ts';

const TEXT = 'The pallet is still at the gate, could somebody let the driver know when it can be picked up?';
const EVENTS_PER_TICKET = 50;
const OPEN_TICKETS = 500;
const ROWS_PER_INSERT = 5_000;

const people = (role: 'driver' | 'agent' | 'admin', count: number): Actor[] =>
  Array.from({ length: count }, (_, index) => ({ id: `${role}-${index}`, name: `${role} ${index}`, role }));

const DRIVERS = people('driver', 500);
const AGENTS = people('agent', 30);
const ADMINS = people('admin', 2);
const SYSTEM: Actor = { id: 'system', name: 'System', role: 'admin' };

const INSERT = `insert into deskwire.events (position, stream, version, id, type, data, metadata, time, command_id)
  select * from unnest($1::bigint[], $2::text[], $3::integer[], $4::uuid[], $5::text[], $6::json[], $7::json[],
    $8::timestamptz[], $9::text[])`;

/** Fills an empty log; resolves when it is there and analyzed. */
export async function makeHistory(url: string, events: number): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  let columns: unknown[][] = Array.from({ length: 9 }, () => []);
  const flush = async () => {
    await client.query(INSERT, columns);
    columns = columns.map(() => []);
  };
  const versions = new Map<Stream, number>();
  let position = 0;
  for (const { stream, event, by } of happenings()) {
    position += 1;
    const version = (versions.get(stream) ?? 0) + 1;
    versions.set(stream, version);
    const commandId = randomUUID();
    const metadata = { commandId, correlationId: randomUUID(), actor: by, address: '192.0.2.17' };
    const time = new Date(Date.UTC(2026, 0, 1) + position * 10).toISOString();
    const row = [position, stream, version, randomUUID(), event.type, event.data, metadata, time, commandId];
    for (const [index, value] of row.entries()) {
      columns[index]?.push(typeof value === 'object' ? JSON.stringify(value) : value);
    }
    if (position % ROWS_PER_INSERT === 0) await flush();
    if (position === events) break;
  }
  await flush();
  await client.query('update deskwire.log_head set position = $1', [position]);
  await client.query('vacuum analyze deskwire.events');
  await client.end();
}

interface Happening {
  readonly stream: Stream;
  readonly event: DomainEvent;
  readonly by: Actor;
}

/** For ever. */
function* happenings(): Generator<Happening> {
  for (const { id, name, role } of [...DRIVERS, ...AGENTS, ...ADMINS]) {
    const data = { name, role, email: `${id}@example.com` };
    yield { stream: `user.${id}`, event: { type: 'UserRegistered', data }, by: SYSTEM };
  }
  for (let grn = 0; grn < 50; grn += 1) {
    const data = { type: 'grn', id: String(grn), vendorId: `vendor-${grn % 7}`, verifiedBy: 'agent-1' } as const;
    yield { stream: `reference.grn-${grn}`, event: { type: 'ReferenceSet', data }, by: SYSTEM };
  }
  for (let newest = 0; ; newest += 1) {
    yield* opening(newest);
    const oldest = Math.max(0, newest - OPEN_TICKETS);
    for (let n = 2; n < EVENTS_PER_TICKET; n += 1) {
      yield somethingIn(oldest + Math.floor(Math.random() * (newest + 1 - oldest)));
    }
  }
}

const driverOf = (ticket: number) => DRIVERS[ticket % DRIVERS.length] ?? SYSTEM;
const agentOf = (ticket: number) => AGENTS[ticket % AGENTS.length] ?? SYSTEM;

function* opening(ticket: number): Generator<Happening> {
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

function somethingIn(ticket: number): Happening {
  const stream: Stream = `ticket.${ticket}`;
  const what = Math.random();
  const by = Math.random() < 0.5 ? driverOf(ticket) : agentOf(ticket);
  if (what < 0.8) {
    const internal = by.role === 'agent' && what < 0.05;
    const message = { messageId: randomUUID(), message: TEXT, messageType: 'TEXT', attachments: [] } as const;
    return { stream, by, event: { type: 'MessagePosted', data: { ...message, internal } } };
  }
  if (what < 0.95) {
    return { stream, by, event: { type: 'TicketRead', data: { userId: by.id, upTo: EVENTS_PER_TICKET } } };
  }
  if (what < 0.98) {
    const changes = { priority: { from: 'medium', to: 'high' } } as const;
    return { stream, by: agentOf(ticket), event: { type: 'TicketChanged', data: { changes } } };
  }
  return { stream: `user.${by.id}`, by, event: { type: 'AllNotificationsRead', data: {} } };
}
