/** An admin operates a running server over HTTP. */
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DEFAULT_SCHEMAS } from '../../../src/projections/catalog.ts';
import { startServer } from '../../conformance/server.ts';
import { createDatabase } from '../../support/services.ts';
import { until } from '../../support/until.ts';
import { type Client, clientOf } from './rig.ts';

const PATH = '/api/v1/operations';
const REBUILD = `${PATH}/projections/tickets/rebuild`;
interface Projection {
  readonly name: string;
  readonly serving: { readonly lag: number };
}

let parts: AsyncDisposableStack;
let pool: pg.Pool;
let admin: Client;
let driver: Client;

beforeAll(async () => {
  parts = new AsyncDisposableStack();
  const database = parts.use(await createDatabase());
  pool = new pg.Pool({ connectionString: database.url, max: 2 });
  pool.on('error', () => {});
  parts.defer(() => pool.end());
  const { url } = parts.use(await startServer({ DATABASE_URL: database.url }));
  const signIn = async (email: string) => {
    const { body } = await clientOf(url).send('POST', '/api/v1/auth/login', { email, password: 'deskwire-demo' });
    return clientOf(url, body.access_token);
  };
  [admin, driver] = await Promise.all([signIn('admin@example.com'), signIn('driver@example.com')]);
});
afterAll(() => parts.disposeAsync());

async function openTicket(description: string) {
  const { status, headers, body } = await driver.send('POST', '/api/v1/tickets', { description });
  expect(status).toBe(201);
  return { id: body.id as string, position: Number(headers.get('deskwire-position')) };
}

async function tickets() {
  const { body } = await admin.send('GET', PATH);
  return body.projections.find((one: Projection) => one.name === 'tickets');
}

describe('operations', () => {
  it('show the state of the log, the relay and every read model', async () => {
    const { position } = await openTicket('Stuck');
    const level = await until(async () => {
      const { body } = await admin.send('GET', PATH);
      return body.relay.lag === 0 && body.projections.every((one: Projection) => one.serving.lag === 0) && body;
    }, 'everything to be level with the log');
    expect(level.position).toBe(position);
    expect(level.relay).toEqual({ position, lag: 0 });
    expect(level.projections.map((one: Projection) => one.name)).toContain('notifications');
  });

  it('rebuild a read model while it serves, and roll it back', async () => {
    const { id } = await openTicket('Still stuck');
    const before = (await tickets()).serving;
    expect((await admin.send('POST', REBUILD)).status).toBe(202);
    const rebuilt = await until(async () => {
      expect((await driver.send('GET', `/api/v1/tickets/${id}`)).status).toBe(200);
      const status = await tickets();
      return status.previous !== undefined && status.next === undefined && status;
    }, 'the rebuild to be swapped in');
    expect(rebuilt.serving.schema).toBe(before.schema);
    const rollBack = () => admin.send('POST', `${PATH}/projections/tickets/rollback`);
    await until(async () => (await rollBack()).status === 202, 'the thread of the rebuild to have ended');
    await until(async () => (await tickets()).previous?.startedAt > rebuilt.previous.startedAt, 'the rollback');
    expect((await driver.send('GET', `/api/v1/tickets/${id}`)).status).toBe(200);
  });

  it('refuse a second rebuild during the first, and abort the first', async () => {
    // The swap waits for its projection's row.
    const holder = await pool.connect();
    try {
      await holder.query('begin');
      await holder.query("select from deskwire.projections where name = 'tickets' for update");
      expect((await admin.send('POST', REBUILD)).status).toBe(202);
      await until(async () => (await tickets()).next?.running, 'the rebuild to run');
      const { status, body } = await admin.send('POST', REBUILD);
      expect([status, body.code]).toEqual([409, 'conflict']);
      expect((await admin.send('DELETE', REBUILD)).status).toBe(202);
    } finally {
      await holder.query('rollback');
      holder.release();
    }
    await until(async () => (await tickets()).next === undefined, 'the rebuild to be given up');
    expect((await admin.send('DELETE', REBUILD)).status).toBe(409);
  });

  it('pause a projection, whose read model still serves, and resume it', async () => {
    expect((await admin.send('POST', `${PATH}/projections/tickets/pause`)).status).toBe(202);
    await until(async () => (await tickets()).serving.paused, 'the pause');
    const { position } = await openTicket('While paused');
    expect((await tickets()).serving.position).toBeLessThan(position);
    expect((await admin.send('POST', `${PATH}/projections/tickets/resume`)).status).toBe(202);
    await until(async () => (await tickets()).serving.position >= position, 'the projection to catch up');
  });

  it('list parked events, retry them, and skip one by its position only', async () => {
    const table = `${DEFAULT_SCHEMAS.tickets}.tickets`;
    await pool.query(`alter table ${table} add constraint no check (description not like 'poison%')`);
    const { id } = await openTicket('poison');
    const stream = `ticket.${id}`;
    const [held] = await until(async () => {
      const { body } = await admin.send('GET', `${PATH}/parked`);
      return body.items.length > 0 && body.items;
    }, 'the event to be parked');
    expect(held).toMatchObject({ projection: 'tickets', stream, events: 1 });
    expect(held.error).toContain('violates check constraint');
    const again = await admin.send('POST', `${PATH}/parked/retry`, { projection: 'tickets', stream });
    expect([again.status, again.body]).toEqual([202, { streams: 1 }]);
    await until(async () => {
      const [tried] = (await admin.send('GET', `${PATH}/parked`)).body.items;
      return tried.error !== null && tried.attempts > held.attempts;
    }, 'the event to fail again');

    const skip = { projection: 'tickets', stream, position: held.position + 1 };
    expect((await admin.send('POST', `${PATH}/parked/skip`, skip)).status).toBe(409);
    expect((await admin.send('POST', `${PATH}/parked/skip`, { ...skip, position: held.position })).status).toBe(202);
    await until(
      async () => (await admin.send('GET', `${PATH}/parked`)).body.items.length === 0,
      'nothing to be parked',
    );
    await pool.query(`alter table ${table} drop constraint no`);
  });

  it('are for admins, and name the fault of an order', async () => {
    expect((await driver.send('GET', PATH)).status).toBe(403);
    expect((await driver.send('POST', REBUILD)).status).toBe(403);
    const { status, body } = await admin.send('POST', `${PATH}/projections/nothing/rebuild`);
    expect([status, body.field]).toEqual([400, 'projection']);
  });
});
