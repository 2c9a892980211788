import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ApiRig, type Client, startApi } from './rig.ts';

let api: ApiRig;
let driver: Client;
let admin: Client;
let agent: Client;
let ops: Client;

beforeAll(async () => {
  api = await startApi({ online: ['4'] });
  driver = await api.as('driver@example.com');
  admin = await api.as('admin@example.com');
  agent = await api.as('agent@example.com');
  ops = await api.as('ops@example.com');
});
afterAll(async () => {
  await api[Symbol.asyncDispose]();
});

const TICKETS = '/api/v1/tickets';

async function opened(fields: object = {}, by = driver) {
  const { body } = await by.send('POST', TICKETS, { description: 'The machine is stuck', ...fields });
  return { ...body, path: `${TICKETS}/${body.id}` };
}

async function listed(by: Client, query: string): Promise<string[]> {
  const { body } = await by.send('GET', `${TICKETS}?limit=100&${query}`);
  return body.items.map((ticket: { id: string }) => ticket.id);
}

describe('a ticket', () => {
  it('is opened with all its references, and can be read at once', async () => {
    const fields = { stationId: '1', grnId: 'grn-1', dispatchId: 'dispatch-1', tags: ['a', 'b'], category: 'payment' };
    const { status, headers, body } = await driver.send('POST', TICKETS, { description: 'Stuck', ...fields });
    expect(status).toBe(201);
    expect(body).toEqual({
      ...fields,
      id: expect.any(String),
      number: expect.any(Number),
      version: 1,
      requesterId: '1',
      requesterName: 'john_driver',
      description: 'Stuck',
      status: 'open',
      priority: 'medium',
      assigneeId: null,
      stationName: 'Central Station',
      participantIds: [],
      unread: 0,
      createdAt: expect.stringMatching(/Z$/),
      updatedAt: body.createdAt,
    });
    expect(headers.get('etag')).toBe('"1"');
    expect(Number(headers.get('deskwire-position'))).toBeGreaterThan(0);
    const there = await driver.send('GET', headers.get('location') ?? '');
    expect(there).toMatchObject({ status: 200, body });
    expect(there.headers.get('etag')).toBe('"1"');
    expect((await driver.send('GET', `${TICKETS}/${body.number}`)).body).toEqual(body);
  });

  it('is refused with the field of a reference that does not exist', async () => {
    for (const [field, message] of [
      ['stationId', 'Station not found'],
      ['grnId', 'GRN not found'],
      ['dispatchId', 'Dispatch not found'],
    ] as const) {
      const refused = await driver.send('POST', TICKETS, { description: 'x', [field]: 'none' });
      expect(refused).toMatchObject({ status: 404, body: { field, message } });
    }
    const refused = await admin.send('POST', TICKETS, { description: 'x', requesterId: 'none' });
    expect(refused).toMatchObject({ status: 404, body: { field: 'requesterId' } });
  });

  it('is changed only at the version that If-Match names', async () => {
    const ticket = await opened();
    const changes = { status: 'pending', tags: ['x'], assigneeId: '4', priority: 'urgent' };
    const changed = await agent.send('PATCH', ticket.path, changes, { 'if-match': '"1"' });
    expect(changed).toMatchObject({ status: 200, body: { ...changes, version: 2, unread: 0 } });
    expect(changed.headers.get('etag')).toBe('"2"');
    const stale = await agent.send('PATCH', ticket.path, { status: 'open' }, { 'if-match': '"1"' });
    expect(stale).toMatchObject({ status: 412, body: { code: 'precondition_failed' } });
    expect((await driver.send('GET', ticket.path)).body).toEqual({ ...changed.body, unread: 0 });
    expect((await admin.send('DELETE', ticket.path, undefined, { 'if-match': '"1"' })).status).toBe(412);
    expect((await admin.send('DELETE', ticket.path, undefined, { 'if-match': '"2"' })).status).toBe(204);
  });

  it('that is changed to its present state answers that nothing was recorded', async () => {
    const ticket = await opened();
    const same = await agent.send('PATCH', ticket.path, { status: 'open' });
    expect(same).toMatchObject({ status: 200, body: { version: 1 } });
    expect(same.headers.get('deskwire-position')).toBe('0');
    const headers = { 'deskwire-min-position': '0' };
    expect((await agent.send('GET', ticket.path, undefined, headers)).status).toBe(200);
  });

  it('is assigned and unassigned', async () => {
    const ticket = await opened();
    const assigned = await agent.send('PUT', `${ticket.path}/assignee`, { userId: '6' });
    expect(assigned).toMatchObject({ status: 200, body: { assigneeId: '6' } });
    expect((await ops.send('GET', ticket.path)).status).toBe(200);
    expect((await agent.send('DELETE', `${ticket.path}/assignee`)).status).toBe(204);
    expect((await ops.send('GET', ticket.path)).status).toBe(404);
    const nobody = await agent.send('PUT', `${ticket.path}/assignee`, { userId: 'none' });
    expect(nobody).toMatchObject({ status: 404, body: { field: 'userId' } });
    const customer = await agent.send('PUT', `${ticket.path}/assignee`, { userId: '8' });
    expect(customer).toMatchObject({ status: 400, body: { field: 'userId' } });
  });
});

describe('the list', () => {
  it('is filtered by every field, and by words', async () => {
    const plain = await opened({ description: 'An apple a day' });
    const mine = await opened({ description: 'A pear', category: 'invoice' }, admin);
    await agent.send('PATCH', mine.path, { status: 'resolved', assigneeId: '4' });
    const everywhere = (query: string) => listed(admin, query);
    expect(await everywhere('status=resolved')).toContain(mine.id);
    expect(await everywhere('status=resolved')).not.toContain(plain.id);
    expect(await everywhere('assigneeId=4')).toContain(mine.id);
    expect(await everywhere('assigneeId=4')).not.toContain(plain.id);
    expect(await everywhere('requesterId=2')).toEqual([mine.id]);
    expect(await everywhere('category=invoice')).toEqual([mine.id]);
    expect(await everywhere('q=DAY%20apple')).toEqual([plain.id]);
    expect(await everywhere('q=john_driver&status=open')).toContain(plain.id);
    expect(await everywhere('q=100%25')).toEqual([]);
    expect(await listed(driver, 'requesterId=2')).toEqual([]);
    expect(await everywhere(`ids=${plain.id},${mine.id}`)).toEqual([mine.id, plain.id]);
    expect(await listed(driver, `ids=${mine.id},${plain.id},nothing`)).toEqual([plain.id]);
  });

  it('shows unread counts, and can be limited to unread tickets', async () => {
    const ticket = await opened();
    await agent.send('POST', `${ticket.path}/messages`, { message: 'How can I help?' });
    await agent.send('POST', `${ticket.path}/messages`, { message: 'Odd one', internal: true });
    const shown = async (by: Client) =>
      (await by.send('GET', `${TICKETS}?unread=true`)).body.items.find((one: { id: string }) => one.id === ticket.id);
    expect(await shown(driver)).toMatchObject({ unread: 1 });
    expect(await shown(admin)).toMatchObject({ unread: 2 });
    expect(await shown(agent)).toBeUndefined();
    expect((await driver.send('GET', ticket.path)).body.unread).toBe(1);
    const { body } = await driver.send('POST', `${ticket.path}/read`, { upTo: 3 });
    // The driver's versions count what the driver sees: the note has none.
    expect(body).toEqual({ ticketId: ticket.id, upTo: 2, unread: 0 });
    expect(await shown(driver)).toBeUndefined();
    expect(await listed(driver, 'unread=false')).toContain(ticket.id);
  });

  it('continues where a page ended', async () => {
    for (let i = 0; i < 3; i++) await opened({ category: 'other' });
    const first = await driver.send('GET', `${TICKETS}?category=other&limit=2`);
    const next = `${TICKETS}?category=other&limit=2&cursor=${first.body.nextCursor}`;
    const second = await driver.send('GET', next);
    const numbers = [...first.body.items, ...second.body.items].map((ticket) => ticket.number);
    expect(numbers).toEqual([...new Set(numbers)].toSorted((a, b) => b - a));
    expect(numbers).toHaveLength(3);
    expect(second.body.nextCursor).toBeNull();
  });
});

describe('the people on a ticket', () => {
  it('see it from when they are added until they are removed', async () => {
    const ticket = await opened();
    const people = `${ticket.path}/participants`;
    expect(await agent.send('POST', people, { userId: '6' })).toMatchObject({
      status: 201,
      body: { ticketId: ticket.id, userId: '6' },
    });
    expect((await ops.send('GET', ticket.path)).body.participantIds).toEqual(['6']);
    const { body } = await ops.send('GET', people);
    expect(body.participants).toEqual([
      { userId: '1', name: 'john_driver', role: 'driver', online: false, lastReadVersion: 0, unread: 0 },
      { userId: '6', name: 'ops', role: 'ops', online: false, lastReadVersion: 0, unread: 0 },
    ]);
    expect((await driver.send('DELETE', `${people}/6`)).status).toBe(403);
    expect((await ops.send('DELETE', `${people}/6`)).status).toBe(204);
    expect((await ops.send('GET', ticket.path)).status).toBe(404);
    expect((await agent.send('DELETE', `${people}/6`)).status).toBe(204);
  });

  it('must exist', async () => {
    const ticket = await opened();
    const refused = await agent.send('POST', `${ticket.path}/participants`, { userId: 'none' });
    expect(refused).toMatchObject({ status: 404, body: { field: 'userId' } });
    expect((await driver.send('POST', `${ticket.path}/participants`, { userId: 'none' })).status).toBe(403);
  });
});

describe('the conversation', () => {
  it('is the same under both of its names', async () => {
    const ticket = await opened();
    const posted = await driver.send('POST', `${ticket.path}/messages`, { message: 'hello', clientMessageId: 'c-1' });
    const again = await driver.send('POST', `/api/tickets/${ticket.number}/chat`, {
      message: 'hello',
      clientMessageId: 'c-1',
    });
    expect(again.body).toEqual(posted.body);
    const [canonical, chat] = await Promise.all([
      driver.send('GET', `${ticket.path}/messages?limit=5`),
      driver.send('GET', `/api/tickets/${ticket.number}/chat?limit=5`),
    ]);
    expect(canonical.body).toEqual(chat.body);
    expect(canonical.body.messages).toEqual([posted.body]);
  });
});

describe('the timeline', () => {
  it('shows who did what, when and from where, page by page', async () => {
    const ticket = await opened();
    await agent.send('PATCH', ticket.path, { status: 'pending', assigneeId: '4' }, { 'x-request-id': 'the-change' });
    await agent.send('POST', `${ticket.path}/messages`, { message: 'psst', internal: true });
    await driver.send('POST', `${ticket.path}/read`, { upTo: 2 });
    await agent.send('POST', `${ticket.path}/participants`, { userId: '6' });
    const first = await ops.send('GET', `${ticket.path}/events?limit=3`);
    const rest = await ops.send('GET', `${ticket.path}/events?after=${first.body.nextAfter}`);
    const entries = [...first.body.items, ...rest.body.items];
    expect(entries.map(({ version, type, summary }) => [version, type, summary])).toEqual([
      [1, 'TicketOpened', 'Opened by john_driver'],
      [2, 'TicketChanged', 'Status changed from open to pending and assigned to agent by agent'],
      [3, 'MessagePosted', 'Internal note posted by agent'],
      [4, 'TicketRead', 'Read by john_driver'],
      [5, 'ParticipantAdded', 'ops was added by agent'],
    ]);
    expect(rest.body.nextAfter).toBeNull();
    expect(entries[1]).toMatchObject({
      actor: { id: '4', name: 'agent', role: 'agent' },
      address: '127.0.0.1',
      requestId: 'the-change',
      data: {
        changes: { status: { from: 'open', to: 'pending' }, assignee: { from: null, to: { id: '4', name: 'agent' } } },
      },
    });
    expect((await driver.send('GET', `${ticket.path}/events`)).status).toBe(403);
  });

  it('remains for admins after the ticket is deleted, by id and by number', async () => {
    const ticket = await opened();
    await admin.send('DELETE', ticket.path);
    for (const name of [ticket.id, ticket.number]) {
      const { status, body } = await admin.send('GET', `${TICKETS}/${name}/events`);
      expect(status).toBe(200);
      expect(body.items.at(-1)).toMatchObject({ type: 'TicketDeleted', summary: 'Deleted by admin' });
      expect((await agent.send('GET', `${TICKETS}/${name}/events`)).status).toBe(404);
    }
  });
});

describe('a repeated command', () => {
  const key = { 'idempotency-key': 'again' };

  it('gets its first answer, also after the user lost access to the ticket', async () => {
    const ticket = await opened();
    await agent.send('POST', `${ticket.path}/participants`, { userId: '6' });
    const commands: [string, string, object | undefined][] = [
      ['PATCH', ticket.path, { status: 'pending' }],
      ['POST', `${ticket.path}/participants`, { userId: '8' }],
      ['DELETE', `${ticket.path}/participants/8`, undefined],
      ['PUT', `${ticket.path}/assignee`, { userId: '4' }],
      ['POST', `${ticket.path}/messages`, { message: 'hello' }],
      ['POST', `${ticket.path}/read`, { upTo: 3 }],
    ];
    const first = [];
    for (const [method, path, body] of commands) first.push(await ops.send(method, path, body, key));
    expect(first.map(({ status }) => status)).toEqual([200, 201, 204, 200, 201, 200]);
    await agent.send('DELETE', `${ticket.path}/participants/6`);
    await agent.send('PATCH', ticket.path, { description: 'Not for ops' });
    for (const [index, [method, path, body]] of commands.entries()) {
      const again = await ops.send(method, path, body, key);
      const { status, headers, body: answer } = first[index] ?? again;
      expect(again.status, `${method} ${path}`).toBe(status);
      expect(again.body, `${method} ${path}`).toEqual(answer);
      expect(again.headers.get('deskwire-position')).toBe(headers.get('deskwire-position'));
      expect(JSON.stringify(again.body ?? '')).not.toContain('Not for ops');
    }
    expect((await ops.send('GET', ticket.path)).status).toBe(404);
  });

  it('is refused when its content differs', async () => {
    const ticket = await opened();
    const pairs: [string, string, object, object][] = [
      ['PATCH', ticket.path, { status: 'pending' }, { status: 'open' }],
      ['POST', `${ticket.path}/participants`, { userId: '8' }, { userId: '6' }],
      ['PUT', `${ticket.path}/assignee`, { userId: '4' }, { userId: '6' }],
      ['POST', `${ticket.path}/messages`, { message: 'one' }, { message: 'two' }],
    ];
    for (const [method, path, one, other] of pairs) {
      expect((await agent.send(method, path, one, key)).status).toBeLessThan(300);
      const refused = await agent.send(method, path, other, key);
      expect(refused, path).toMatchObject({ status: 422, body: { code: 'idempotency_key_reused' } });
    }
    const removal = { 'idempotency-key': 'removal' };
    expect((await agent.send('DELETE', `${ticket.path}/participants/8`, undefined, removal)).status).toBe(204);
    expect((await agent.send('DELETE', `${ticket.path}/participants/4`, undefined, removal)).status).toBe(422);
    const { body } = await agent.send('GET', `${ticket.path}/messages`);
    expect(JSON.stringify(body)).not.toContain('two');
  });
});
