/**
 * The flow of seed A's test guide, against any running server. A driver and two admins log in and connect, the driver
 * opens a ticket, and an admin changes it until it is deleted. Each of them receives the events that the guide lists,
 * with the payloads that it shows. Each line of the table is one check.
 */
import assert from 'node:assert/strict';
import {
  logIn,
  openSocket,
  type Payload,
  type SeedClient,
  type SeedSocket,
  type SeedSocketOptions,
} from '../client.ts';
import { assertFields, createTable, type Line } from '../table.ts';

export interface Accounts {
  readonly driver: string;
  readonly admin: string;
  readonly secondAdmin: string;
  readonly password: string;
}

/** The accounts of the demo data that `npm start` loads. */
export const DEMO_ACCOUNTS: Accounts = {
  driver: 'driver@example.com',
  admin: 'admin@example.com',
  secondAdmin: 'admin2@example.com',
  password: 'deskwire-demo',
};

const DESCRIPTION = 'WebSocket test ticket - Battery swap machine not working';

/**
 * Rejects when an account cannot log in. Other failures are lines of the table. `how`: the transports; all by default.
 */
export async function runFlow(
  url: string,
  accounts: Accounts = DEMO_ACCOUNTS,
  how: SeedSocketOptions = {},
): Promise<readonly Line[]> {
  const signIn = (email: string) => logIn(url, email, accounts.password);
  const driver = await signIn(accounts.driver);
  const admin = await signIn(accounts.admin);
  const secondAdmin = await signIn(accounts.secondAdmin);
  using sockets = new DisposableStack();
  const connect = (client: SeedClient) =>
    sockets.use(openSocket(`${url}/notifications`, { ...how, auth: { token: client.token } }));
  const driverSocket = connect(driver);
  const adminSocket = connect(admin);
  const secondAdminSocket = connect(secondAdmin);

  const { lines, check } = createTable();

  await check('Driver Connected', () => isGreeted(driverSocket, { userId: 1, role: 'driver' }));
  await check('Admin Connected', () => isGreeted(adminSocket, { userId: 2, role: 'admin' }));
  await check('Second Admin Connected', () => isGreeted(secondAdminSocket, { userId: 3, role: 'admin' }));
  // The unread count is the last event of a connection's start: later events are live.
  await Promise.all([driverSocket, adminSocket, secondAdminSocket].map((socket) => socket.event('unread-count')));

  let ticket: Payload = {};
  await check('Ticket Created', async () => {
    const body = { user_id: 1, description: DESCRIPTION, station_id: 1 };
    ticket = await driver.call('POST', '/api/v1/support', 201, body);
    assertFields(ticket, {
      user_id: 1,
      username: 'john_driver',
      description: DESCRIPTION,
      status: 'open',
      station_id: 1,
    });
    assert.equal(typeof ticket.support_id, 'number');
    assert.equal(typeof ticket.station_name, 'string');
  });
  const path = `/api/v1/support/${ticket.support_id}`;
  const about = (payload: Payload) => (payload.data as Payload)?.support_id === ticket.support_id;
  const created = {
    type: 'support_ticket_created',
    title: 'New Support Ticket',
    message: 'User john_driver created a new support ticket',
    priority: 'high',
  };
  await check('Admin Received Create', async () => {
    assertNotification(await adminSocket.event('support:ticket:created', about), ticket, created, 'open');
  });
  await check('Second Admin Received Create', async () => {
    assertNotification(await secondAdminSocket.event('support:ticket:created', about), ticket, created, 'open');
  });

  await check('User Received Update', async () => {
    await admin.call('PATCH', path, 200, { status: 'in_progress' });
    const expected = {
      type: 'support_ticket_updated',
      title: 'Support Ticket Updated',
      message: 'Your support ticket has been updated',
      priority: 'medium',
    };
    const received = await driverSocket.event('support:ticket:updated', about);
    assertNotification(received, ticket, expected, 'in_progress');
  });
  await check('User Received Resolved', async () => {
    await admin.call('PATCH', path, 200, { status: 'closed' });
    const expected = {
      type: 'support_ticket_resolved',
      title: 'Support Ticket Resolved',
      message: 'Your support ticket has been resolved',
      priority: 'low',
    };
    assertNotification(await driverSocket.event('support:ticket:resolved', about), ticket, expected, 'closed');
  });
  await check('User Received Deleted', async () => {
    await admin.call('DELETE', path, 200);
    const expected = {
      type: 'support_ticket_deleted',
      title: 'Support Ticket Deleted',
      message: `Your support ticket #${ticket.support_id} has been deleted`,
      priority: 'low',
    };
    assertNotification(await driverSocket.event('support:ticket:deleted', about), ticket, expected, 'closed');
  });

  await check('Nobody Notified Of Own Acts', async () => {
    // The deletion was the last act and its event has arrived, so all earlier events have arrived.
    assert.deepEqual(driverSocket.received('support:ticket:created').filter(about), []);
    for (const name of ['support:ticket:updated', 'support:ticket:resolved', 'support:ticket:deleted']) {
      assert.deepEqual(
        adminSocket.received(name).filter(about),
        [],
        `the admin received ${name} for an act of their own`,
      );
    }
  });
  await check('In Order, Without Gaps', async () => {
    await driverSocket.event('notification:new', (one) => about(one) && one.type === 'support_ticket_deleted');
    const seqs = driverSocket.received('notification:new').map(({ seq }) => Number(seq));
    assert.ok(seqs.length >= 3, 'every notification also comes as notification:new');
    assert.deepEqual(
      seqs,
      seqs.map((_, at) => Number(seqs[0]) + at),
    );
  });
  await check('Token In Header Accepted', async () => {
    const extraHeaders = { Authorization: `Bearer ${driver.token}` };
    using socket = openSocket(`${url}/notifications`, { ...how, extraHeaders });
    await isGreeted(socket, { userId: 1, role: 'driver' });
  });
  await check('Wrong Token Refused', () => isRefused(url, { ...how, auth: { token: 'eyJhbGc.wrong.token' } }));
  await check('Missing Token Refused', () => isRefused(url, how));
  return lines;
}

async function isGreeted(socket: SeedSocket, expected: { userId: number; role: string }): Promise<void> {
  assertFields(await socket.event('connected'), { message: 'Successfully connected', ...expected });
}

async function isRefused(url: string, options: SeedSocketOptions): Promise<void> {
  using socket = openSocket(`${url}/notifications`, options);
  assertFields(await socket.event('error'), { type: 'unauthorized', message: 'Authentication required' });
  await socket.ended;
  assert.deepEqual(socket.names, ['error'], 'an unauthenticated socket receives only the error');
}

function assertNotification(received: Payload, ticket: Payload, expected: Payload, status: string): void {
  assertFields(received, expected);
  assertFields(received.data as Payload, {
    support_id: ticket.support_id,
    user_id: 1,
    username: 'john_driver',
    description: DESCRIPTION,
    status,
    station_id: 1,
    station_name: ticket.station_name,
    created_at: ticket.created_at,
  });
  assert.ok(!Number.isNaN(Date.parse(String(received.timestamp))), 'the timestamp is a time');
}
