import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ApiRig, type Client, noQueries, startApi } from './rig.ts';

let api: ApiRig;
let driver: Client;
let admin: Client;
let agent: Client;
let stranger: Client;

beforeAll(async () => {
  api = await startApi({ online: ['4'] });
  driver = await api.as('driver@example.com');
  admin = await api.as('admin@example.com');
  agent = await api.as('agent@example.com');
  stranger = await api.as('driver2@example.com');
});
afterAll(async () => {
  await api[Symbol.asyncDispose]();
});

async function opened(description = 'The machine is stuck') {
  return (await driver.send('POST', '/api/v1/support', { description, station_id: 1 })).body;
}

describe("seed A's tickets", () => {
  it('can be read right after opening, by number and by id', async () => {
    const ticket = await opened();
    for (const name of [ticket.support_id, ticket.id]) {
      const { status, headers, body } = await driver.send('GET', `/api/v1/support/${name}`);
      expect(status).toBe(200);
      expect(body).toEqual(ticket);
      expect(headers.get('etag')).toBe('"1"');
    }
  });

  it('can be changed by their number right after opening', async () => {
    const ticket = await opened();
    const path = `/api/v1/support/${ticket.support_id}`;
    expect(await admin.send('PATCH', path, { status: 'in_progress' })).toMatchObject({ status: 200 });
    expect((await driver.send('GET', path)).body.status).toBe('in_progress');
    expect((await driver.send('POST', `/api/tickets/${ticket.support_id}/chat`, { message: 'hi' })).status).toBe(201);
    expect((await admin.send('DELETE', path)).status).toBe(200);
    expect((await admin.send('GET', path)).status).toBe(404);
  });

  it('are listed for users who may see them, page by page', async () => {
    const first = await opened('first');
    const second = await opened('second');
    const mine: number[] = [];
    let cursor: string | null = null;
    do {
      const query: string = cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`;
      const { status, body } = await driver.send('GET', `/api/v1/support?status=open&limit=1${query}`);
      expect(status).toBe(200);
      mine.push(...body.items.map((item: { support_id: number }) => item.support_id));
      cursor = body.nextCursor;
    } while (cursor !== null);
    expect(mine).toEqual(expect.arrayContaining([first.support_id, second.support_id]));
    expect(new Set(mine).size).toBe(mine.length);
    expect((await stranger.send('GET', '/api/v1/support')).body).toEqual({ items: [], nextCursor: null });
    expect((await driver.send('GET', '/api/v1/support?cursor=nonsense')).status).toBe(400);
  });

  it('do not exist for strangers', async () => {
    const ticket = await opened();
    for (const path of [
      `/api/v1/support/${ticket.support_id}`,
      `/api/tickets/${ticket.support_id}/chat`,
      `/api/tickets/${ticket.id}/chat/participants`,
    ]) {
      expect(await stranger.send('GET', path)).toMatchObject({ status: 404, body: { message: 'Ticket not found' } });
    }
    expect((await stranger.send('POST', `/api/tickets/${ticket.support_id}/chat`, { message: 'a' })).status).toBe(404);
  });
});

describe('the chat', () => {
  it('shows the messages, oldest first, page by page', async () => {
    const ticket = await opened();
    const path = `/api/tickets/${ticket.id}/chat`;
    for (const message of ['one', 'two', 'three']) await driver.send('POST', path, { message });
    const latest = await driver.send('GET', `${path}?limit=2`);
    expect(latest.body.messages.map((one: { message: string }) => one.message)).toEqual(['two', 'three']);
    expect(latest.body.pagination).toMatchObject({ limit: 2, hasMore: true });
    const before = await driver.send('GET', `${path}?limit=2&before=${latest.body.pagination.nextCursor}`);
    expect(before.body.messages.map((one: { message: string }) => one.message)).toContain('one');
    const after = await driver.send('GET', `${path}?after=${latest.body.messages[0].version}`);
    expect(after.body.messages.map((one: { message: string }) => one.message)).toEqual(['three']);
  });

  it('shows a message as the answer to its command did', async () => {
    const ticket = await opened();
    const path = `/api/tickets/${ticket.id}/chat`;
    const posted = await driver.send('POST', path, { message: 'hello', clientMessageId: 'hello-1' });
    const { body } = await driver.send('GET', path);
    expect(body.messages.at(-1)).toEqual(posted.body);
  });

  it('shows internal notes to staff only, and counts them for nobody else', async () => {
    const ticket = await opened();
    const path = `/api/tickets/${ticket.id}/chat`;
    await agent.send('POST', path, { message: 'watch out', internal: true });
    const theirs = await driver.send('GET', path);
    expect(JSON.stringify(theirs.body)).not.toContain('watch out');
    expect(JSON.stringify((await agent.send('GET', path)).body)).toContain('watch out');
    const seen = await driver.send('GET', `${path}/participants`);
    const requester = seen.body.participants.find((one: { userId: string }) => one.userId === '1');
    expect(requester?.unread ?? 0).toBe(0);
    for (const one of seen.body.participants) if (one.userId !== '1') expect(one).not.toHaveProperty('unread');
  });

  it('shows the participants and their connection state', async () => {
    const ticket = await opened();
    await agent.send('POST', `/api/tickets/${ticket.id}/chat`, { message: 'how can I help?' });
    const { body } = await agent.send('GET', `/api/tickets/${ticket.id}/chat/participants`);
    expect(body.participants).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ userId: '1', role: 'driver', online: false, unread: 1 }),
        expect.objectContaining({ userId: '4', role: 'agent', online: true, unread: 0 }),
      ]),
    );
  });
});

describe('notifications', () => {
  it('are counted, listed and read', async () => {
    const service = await api.as('service@example.com');
    const { recipients } = (
      await service.send('POST', '/api/v1/notifications', { role: 'ops', type: 'news', title: 'News', message: 'a' })
    ).body;
    expect(recipients).toBe(1);
    const ops = await api.as('ops@example.com');
    expect((await ops.send('GET', '/api/v1/notifications/unread-count')).body).toEqual({ count: 1, unseen: 1 });
    const { body: page } = await ops.send('GET', '/api/v1/notifications?unread=true');
    expect(page).toEqual({
      items: [
        {
          id: expect.any(String),
          seq: 1,
          event: null,
          type: 'news',
          title: 'News',
          message: 'a',
          key: null,
          params: {},
          data: {},
          priority: 'medium',
          timestamp: expect.any(String),
          read: false,
        },
      ],
      nextCursor: null,
    });
    const read = await ops.send('POST', '/api/v1/notifications/read', { ids: [page.items[0].id] });
    expect(read.body).toEqual({ notificationIds: [page.items[0].id], count: 0 });
    expect((await ops.send('GET', '/api/v1/notifications?unread=true')).body.items).toEqual([]);
    expect((await ops.send('GET', '/api/v1/notifications')).body.items).toMatchObject([{ read: true }]);
  });

  it('are all marked as read at once, with or without a body', async () => {
    await opened();
    expect((await admin.send('GET', '/api/v1/notifications/unread-count')).body.count).toBeGreaterThan(0);
    expect((await admin.send('POST', '/api/v1/notifications/read-all')).body).toEqual({ count: 0, unseen: 0 });
    await opened();
    expect((await admin.send('POST', '/api/v1/notifications/read-all', {})).body).toEqual({ count: 0, unseen: 0 });
  });

  it('can be marked as seen while unread, up to the end of the inbox and no further', async () => {
    const counts = async () => (await admin.send('GET', '/api/v1/notifications/unread-count')).body;
    const see = (body?: object) => admin.send('POST', '/api/v1/notifications/seen', body);
    await admin.send('POST', '/api/v1/notifications/read-all');
    await opened();
    await opened();
    await opened();
    expect(await counts()).toEqual({ count: 3, unseen: 3 });
    const { items } = (await admin.send('GET', '/api/v1/notifications?limit=3')).body;
    const [third, , first] = items;
    expect((await see({ upToSeq: first.seq })).body).toEqual({ count: 3, unseen: 2 });
    for (const [{ id }, left] of [
      [first, { count: 2, unseen: 2 }],
      [third, { count: 1, unseen: 1 }],
    ]) {
      await admin.send('POST', '/api/v1/notifications/read', { ids: [id] });
      expect(await counts()).toEqual(left);
    }
    const looked = await see({ upToSeq: third.seq + 1_000 });
    expect(looked.body).toEqual({ count: 1, unseen: 0 });
    expect(looked.headers.get('deskwire-position')).not.toBeNull();
    await opened();
    expect(await counts()).toEqual({ count: 2, unseen: 1 });
    expect((await see()).body).toEqual({ count: 2, unseen: 0 });
    expect((await see({ upToSeq: 1 })).body).toEqual({ count: 2, unseen: 0 });
  });
});

describe('a read', () => {
  it('with a position gets an answer that contains it', async () => {
    const posted = await driver.send('POST', '/api/v1/support', { description: 'x' });
    const headers = { 'deskwire-min-position': posted.headers.get('deskwire-position') ?? '' };
    expect((await driver.send('GET', `/api/v1/support/${posted.body.id}`, undefined, headers)).status).toBe(200);
  });

  it('with a position that does not come is refused, with the time of a retry', async () => {
    const waiter = { waitFor: (position: number) => Promise.resolve(position < 1_000) };
    await using late = await startApi({ queries: noQueries(), waiter });
    const client = await late.as('driver@example.com');
    const headers = { 'deskwire-min-position': '1000' };
    const refused = await client.send('GET', '/api/v1/support', undefined, headers);
    expect(refused).toMatchObject({ status: 503, body: { code: 'unavailable', retryAfter: 1 } });
    expect(refused.headers.get('retry-after')).toBe('1');
  });

  it('is answered from what there is when the read models lag', async () => {
    const waiter = { waitFor: () => Promise.resolve(false) };
    const queries = noQueries({ tickets: () => Promise.resolve({ items: [], nextCursor: null }) });
    await using late = await startApi({ queries, waiter });
    const client = await late.as('driver@example.com');
    expect((await client.send('GET', '/api/v1/support')).status).toBe(200);
  });
});

describe('the surroundings', () => {
  it('are reported by /readyz, without reasons', async () => {
    const readiness = [
      { name: 'database', check: () => Promise.resolve(undefined) },
      { name: 'projections', check: () => Promise.resolve('an event of ticket.secret is parked') },
      { name: 'broker', check: () => Promise.reject(new Error('nats://secret@host refused')) },
    ];
    await using unwell = await startApi({ queries: noQueries(), readiness });
    expect(await unwell.anonymous.send('GET', '/readyz')).toMatchObject({
      status: 503,
      body: { status: 'unavailable', checks: { database: 'ok', projections: 'degraded', broker: 'failed' } },
    });
    expect(await unwell.anonymous.send('GET', '/livez')).toMatchObject({ status: 200, body: { status: 'ok' } });
    expect((await api.anonymous.send('GET', '/readyz')).status).toBe(200);
  });

  it('that are away give 503 with Retry-After, without explanation', async () => {
    const outage = Object.assign(new Error('connect ECONNREFUSED 10.0.0.7:5432'), { code: 'ECONNREFUSED' });
    const queries = noQueries({
      tickets: () => Promise.reject(outage),
      inbox: () => Promise.reject(new Error('oops')),
    });
    await using cut = await startApi({ queries });
    const client = await cut.as('driver@example.com');
    const away = await client.send('GET', '/api/v1/support');
    expect(away).toMatchObject({ status: 503, body: { code: 'unavailable', retryAfter: 2 } });
    const broken = await client.send('GET', '/api/v1/notifications/unread-count');
    expect(broken).toMatchObject({ status: 500, body: { code: 'internal' } });
    expect(JSON.stringify([away.body, broken.body])).not.toMatch(/10\.0\.0\.7|oops/);
  });

  it('decide which origins may call', async () => {
    await using open = await startApi({ queries: noQueries(), config: { corsOrigins: ['https://app.example.com'] } });
    const from = (origin: string) => open.anonymous.send('GET', '/livez', undefined, { origin });
    const friend = await from('https://app.example.com');
    expect(friend.headers.get('access-control-allow-origin')).toBe('https://app.example.com');
    expect(friend.headers.get('access-control-expose-headers')).toContain('Deskwire-Position');
    expect(friend.headers.get('access-control-allow-credentials')).toBe('true');
    const stranger = await from('https://evil.example.com');
    expect(stranger.headers.get('access-control-allow-origin')).toBeNull();
    expect(stranger.headers.get('access-control-allow-credentials')).toBeNull();
    const preflight = await open.anonymous.send('OPTIONS', '/api/v1/support/1', undefined, {
      origin: 'https://app.example.com',
      'access-control-request-method': 'PATCH',
      'access-control-request-headers': 'authorization,idempotency-key',
    });
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get('access-control-allow-methods')).toContain('PATCH');
    expect(preflight.headers.get('access-control-allow-headers')).toContain('idempotency-key');
  });

  it('allow pages of any origin with *, without cookies', async () => {
    await using open = await startApi({ queries: noQueries(), config: { corsOrigins: ['*'] } });
    const { headers } = await open.anonymous.send('GET', '/livez', undefined, { origin: 'https://any.example' });
    expect(headers.get('access-control-allow-origin')).not.toBeNull();
    expect(headers.get('access-control-allow-credentials')).toBeNull();
  });

  it('limit the requests of one user without affecting others', async () => {
    const queries = noQueries({ inbox: () => Promise.resolve({ seq: 0, unread: 0, unseen: 0, removed: 0 }) });
    await using limited = await startApi({ queries, config: { requestsPerMinute: 3 } });
    const [one, two] = [await limited.as('driver@example.com'), await limited.as('driver2@example.com')];
    const ask = (client: Client) => client.send('GET', '/api/v1/notifications/unread-count');
    for (let i = 0; i < 3; i++) expect((await ask(one)).status).toBe(200);
    const refused = await ask(one);
    expect(refused).toMatchObject({ status: 429, body: { code: 'rate_limited' } });
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await ask(two)).status).toBe(200);
  });
});
