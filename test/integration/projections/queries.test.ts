import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DomainEvent, RecordedEvent, Stream } from '../../../src/domain/event.ts';
import type { TicketEvent } from '../../../src/domain/ticket/events.ts';
import type { UserFacts } from '../../../src/domain/user/identity.ts';
import { createDatabase, type TestDatabase } from '../../support/services.ts';
import { createRig, type Rig } from './rig.ts';

const admin: UserFacts = { id: '2', name: 'Admin', role: 'admin', active: true };
const driver: UserFacts = { id: '1', name: 'Driver', role: 'driver', active: true };
const agent: UserFacts = { id: '4', name: 'Agent', role: 'agent', active: true };

let database: TestDatabase;
let rig: Rig;
let position = 0;
const versions = new Map<Stream, number>();

function recorded(stream: Stream, by: UserFacts, event: DomainEvent): RecordedEvent {
  position += 1;
  const version = (versions.get(stream) ?? 0) + 1;
  versions.set(stream, version);
  const metadata = { commandId: `c-${position}`, correlationId: 'test', actor: by };
  return { ...event, position, stream, version, id: `e-${position}`, time: '2026-01-01T00:00:00.123Z', metadata };
}

const opened = (number: number, requester: UserFacts, description: string): TicketEvent => ({
  type: 'TicketOpened',
  data: {
    number,
    requesterId: requester.id,
    requesterName: requester.name,
    description,
    category: number % 2 === 0 ? 'payment' : 'general',
    priority: 'medium',
    tags: [],
  },
});

const posted = (message: string, internal = false): TicketEvent => ({
  type: 'MessagePosted',
  data: { messageId: `m-${message}`, message, messageType: 'TEXT', attachments: [], internal },
});

const registered = ({ name, role }: UserFacts): DomainEvent => ({ type: 'UserRegistered', data: { name, role } });

beforeAll(async () => {
  database = await createDatabase();
  rig = await createRig(database.url);
  const users = [admin, driver, agent].map((user) => recorded(`user.${user.id}`, admin, registered(user)));
  const tickets = Array.from({ length: 7 }, (_, index) =>
    recorded(
      `ticket.t-${index + 1}`,
      driver,
      opened(index + 1, index < 5 ? driver : admin, `Pump_${index + 1} is 100% broken`),
    ),
  );
  const messages = Array.from({ length: 9 }, (_, index) =>
    recorded('ticket.t-1', index % 3 === 2 ? agent : driver, posted(String(index + 1), index % 3 === 2)),
  );
  const station: DomainEvent = { type: 'ReferenceSet', data: { type: 'station', id: '1', name: 'Central Station' } };
  await rig.project([...users, ...tickets, ...messages, recorded('reference.station-1', admin, station)]);
});

afterAll(async () => {
  await rig[Symbol.asyncDispose]();
  await database[Symbol.asyncDispose]();
});

/** Reads page after page until the last one. */
async function allPages<T>(
  read: (cursor: string | undefined) => Promise<{ items: readonly T[]; nextCursor: string | null }>,
) {
  const pages: (readonly T[])[] = [];
  let cursor: string | undefined;
  do {
    const page = await read(cursor);
    pages.push(page.items);
    cursor = page.nextCursor ?? undefined;
  } while (cursor !== undefined);
  return pages;
}

describe('tickets', () => {
  it('come newest first, page by page', async () => {
    const pages = await allPages((cursor) => rig.queries.tickets({}, admin, { limit: 3, ...(cursor && { cursor }) }));
    expect(pages.map((page) => page.map((ticket) => ticket.number))).toEqual([[7, 6, 5], [4, 3, 2], [1]]);
  });

  it('are found by id and by number', async () => {
    expect(await rig.queries.ticket('t-3', driver)).toMatchObject({ id: 't-3', number: 3 });
    expect(await rig.queries.ticket('3', driver)).toMatchObject({ id: 't-3', number: 3 });
    expect(await rig.queries.ticketId('3')).toBe('t-3');
    expect(await rig.queries.ticketId('99999999999999999999')).toBeUndefined();
  });

  it('of others are hidden from a requester', async () => {
    expect(await rig.queries.ticket('7', driver)).toBeUndefined();
    const { items } = await rig.queries.tickets({}, driver, { limit: 10 });
    expect(items.map((ticket) => ticket.number)).toEqual([5, 4, 3, 2, 1]);
  });

  it.each([
    [{ category: 'payment' }, [6, 4, 2]],
    [{ requesterId: '2' }, [7, 6]],
    [{ status: 'closed' }, []],
    [{ assigneeId: '4' }, []],
    [{ text: 'pump_3' }, [3]],
    [{ text: 'BROKEN admin' }, [7, 6]],
    [{ text: 'ＢＲＯＫＥＮ \u00adadmin' }, [7, 6]],
    [{ text: '#6' }, [6]],
    [{ text: '7' }, [7]],
    [{ text: '#99' }, []],
    [{ text: '%' }, [7, 6, 5, 4, 3, 2, 1]],
    [{ text: 'pump%3' }, []],
    [{ text: '\\' }, []],
    [{ unread: true }, [1]],
    [{ unread: false }, [7, 6, 5, 4, 3, 2]],
  ] as const)('are filtered by %j', async (filter, numbers) => {
    const { items } = await rig.queries.tickets(filter, admin, { limit: 10 });
    expect(items.map((ticket) => ticket.number)).toEqual(numbers);
  });

  it('refuse an invalid cursor', async () => {
    const refusal = expect.objectContaining({ code: 'invalid_payload', field: 'cursor' });
    await expect(rig.queries.tickets({}, admin, { cursor: 'nonsense', limit: 3 })).rejects.toEqual(refusal);
    await expect(rig.queries.notifications(admin, { cursor: 'nonsense', limit: 3 })).rejects.toEqual(refusal);
    await expect(rig.queries.users({}, { cursor: 'nonsense', limit: 3 })).rejects.toEqual(refusal);
  });
});

describe('messages', () => {
  const texts = (page: { messages: readonly { message: string }[] }) => page.messages.map((message) => message.message);

  it('come as the latest page, and then page by page backwards', async () => {
    const latest = await rig.queries.messages('t-1', { view: 'staff', limit: 4 });
    expect(latest).toMatchObject({ hasMore: true, total: 9, version: 10 });
    expect(texts(latest)).toEqual(['6', '7', '8', '9']);
    const before = await rig.queries.messages('t-1', { view: 'staff', limit: 5, before: Number(latest.nextCursor) });
    expect(texts(before)).toEqual(['1', '2', '3', '4', '5']);
    expect(before).toMatchObject({ hasMore: false, nextCursor: null });
  });

  it('come after a version, oldest first', async () => {
    const first = await rig.queries.messages('t-1', { view: 'staff', limit: 2, after: 7 });
    expect(texts(first)).toEqual(['7', '8']);
    const rest = await rig.queries.messages('t-1', { view: 'staff', limit: 2, after: Number(first.nextCursor) });
    expect(texts(rest)).toEqual(['9']);
    expect(rest.hasMore).toBe(false);
  });

  it('hide internal notes and do not count them', async () => {
    const page = await rig.queries.messages('t-1', { view: 'public', limit: 100 });
    expect(texts(page)).toEqual(['1', '2', '4', '5', '7', '8']);
    expect(page.total).toBe(6);
  });

  it('of a missing ticket are none', async () => {
    const page = await rig.queries.messages('t-99', { view: 'staff', limit: 10 });
    expect(page).toEqual({ messages: [], hasMore: false, nextCursor: null, total: 0, version: 0, streamVersion: 0 });
  });

  it('have participants, each with an unread count, without those who posted internal notes alone', async () => {
    const [requester] = await rig.queries.participants('t-1', 'staff');
    expect(requester).toEqual({ userId: '1', name: 'Driver', role: 'driver', lastReadVersion: 9, unread: 0 });
    const ids = async (view: 'staff' | 'public') =>
      (await rig.queries.participants('t-1', view)).map(({ userId }) => userId);
    expect(await ids('staff')).toEqual(['1']);
    expect(await ids('public')).toEqual(['1']);
  });
});

describe('notifications', () => {
  it('come newest first, page by page, and after a seq in order', async () => {
    const pages = await allPages((cursor) => rig.queries.notifications(admin, { limit: 3, ...(cursor && { cursor }) }));
    expect(pages.flat().map((notification) => notification.seq)).toEqual([7, 6, 5, 4, 3, 2, 1]);
    const after = await rig.queries.notificationsAfter(admin, 4, 2);
    expect(after.map((notification) => notification.seq)).toEqual([5, 6]);
    expect(after[0]).toMatchObject({ type: 'support_ticket_created', read: false, internal: false, priority: 'high' });
  });

  it('that are unread come as ranges, and as the newest ranges when there are many', async () => {
    const all = await rig.queries.unreadNotifications(admin, 10);
    expect(all).toEqual({ from: 1, upTo: 7, count: 7, unseen: 7, ranges: [[1, 7]] });
    expect(await rig.queries.unreadNotifications(admin, 1)).toEqual(all);
  });

  it('of a user without any are an empty inbox', async () => {
    expect(await rig.queries.inbox({ ...driver, id: 'nobody' })).toEqual({ seq: 0, unread: 0, unseen: 0, removed: 0 });
    const nothing = { from: 1, upTo: 0, count: 0, unseen: 0, ranges: [] };
    expect(await rig.queries.unreadNotifications({ ...driver, id: 'nobody' }, 10)).toEqual(nothing);
  });

  it('of internal notes are hidden from a user who is no longer staff', async () => {
    const note = recorded('ticket.t-6', agent, posted('secret', true));
    await rig.project([note]);
    const before = await rig.queries.inbox(admin);
    const demoted = { ...admin, role: 'driver' } as const;
    const shown = await rig.queries.notifications(demoted, { limit: 100 });
    expect(shown.items.some((notification) => JSON.stringify(notification).includes('secret'))).toBe(false);
    expect(await rig.queries.inbox(demoted)).toEqual({
      seq: before.seq,
      unread: before.unread - 1,
      unseen: before.unseen - 1,
      removed: before.removed,
    });
  });
});

describe('users and references', () => {
  it('are found by id, and users listed by role, page by page', async () => {
    expect(await rig.queries.user('1')).toEqual({ ...driver, version: 1 });
    expect(await rig.queries.user('99')).toBeUndefined();
    const pages = await allPages((cursor) =>
      rig.queries.users({ active: true }, { limit: 2, ...(cursor && { cursor }) }),
    );
    expect(pages.flat().map((user) => user.id)).toEqual(['1', '2', '4']);
    const agents = await rig.queries.users({ role: 'agent' }, { limit: 2 });
    expect(agents).toEqual({ items: [{ ...agent, version: 1 }], nextCursor: null });
    const named = await rig.queries.users({ text: 'DMI a' }, { limit: 2 });
    expect(named.items.map((user) => user.name)).toEqual(['Admin']);
    expect((await rig.queries.users({ text: '%' }, { limit: 2 })).items).toEqual([]);
    expect(await rig.queries.reference('station', '1')).toMatchObject({ name: 'Central Station', vendorId: null });
    expect(await rig.queries.reference('grn', '1')).toBeUndefined();
  });

  it('whom tickets can be assigned to are listed by name, page by page', async () => {
    const pages = await allPages((cursor) =>
      rig.queries.users({ assignable: true }, { limit: 1, ...(cursor && { cursor }) }),
    );
    expect(pages.map((page) => page.map(({ id }) => id))).toEqual([['2'], ['4']]);
    const { nextCursor } = await rig.queries.users({ active: true }, { limit: 1 });
    await expect(rig.queries.users({ assignable: true }, { limit: 1, cursor: nextCursor ?? '' })).rejects.toMatchObject(
      { code: 'invalid_payload' },
    );
  });
});
