/** What a user does when asked, and what it refuses. */
import { describe, expect, test } from 'vitest';
import { type UserCommand, userDecider, userFactsOf } from '../../../src/domain/user/decider.ts';
import { systemAuthor, type UserFacts } from '../../../src/domain/user/identity.ts';
import { historyOf, refusalOf } from './history.ts';
import { admin, agent, deactivated, driver, otherDriver, service, vendor } from './people.ts';

const register = { type: 'RegisterUser', name: 'john_driver', role: 'driver', email: 'driver@example.com' } as const;
const send = {
  type: 'SendNotification',
  notificationType: 'payment',
  title: 'Payment failed',
  message: 'Please check your card',
  data: { amount: 3 },
  priority: 'high',
} as const;

function registered(command: UserCommand = register, id = driver.id) {
  const user = historyOf(userDecider, id);
  user.do(command, { by: systemAuthor('system', 'System') });
  return user;
}

function refusal(user: ReturnType<typeof registered>, by: UserFacts, command: UserCommand) {
  return refusalOf(() => user.do(command, { by }));
}

describe('registering', () => {
  test('refuses a service that registers staff or another service', () => {
    for (const role of ['agent', 'ops', 'accounts', 'admin', 'service'] as const) {
      const command = { ...register, role } as const;
      expect(refusalOf(() => historyOf(userDecider, 'new').do(command, { by: service })).code).toBe('forbidden');
    }
  });

  test('makes an active user, with what is known of them', () => {
    expect(userFactsOf(registered().state)).toEqual({ ...driver, email: 'driver@example.com' });
    const command = { type: 'RegisterUser', name: 'Vera', role: 'vendor', vendorId: 'vendor-1' } as const;
    expect(userFactsOf(registered(command, vendor.id).state)).toEqual(vendor);
    expect(userFactsOf(userDecider.initialState())).toBeUndefined();
  });

  test('again as they are changes nothing, as someone else is a conflict', () => {
    const user = registered();
    expect(user.do(register, { by: admin })).toEqual([]);
    for (const other of [{ name: 'x' }, { role: 'admin' }, { email: 'x@example.com' }, { vendorId: 'v' }] as const) {
      expect(refusal(user, admin, { ...register, ...other }).code).toBe('conflict');
    }
  });

  test('is for admins and services', () => {
    for (const by of [agent, driver, vendor]) {
      expect(refusal(historyOf(userDecider, '1'), by, register).code).toBe('forbidden');
    }
    expect(historyOf(userDecider, '1').do(register, { by: service })).toHaveLength(1);
  });
});

describe('changing', () => {
  test('records what really changes', () => {
    const user = registered();
    const command = { type: 'ChangeUser', name: 'John', role: 'driver', active: false } as const;
    expect(user.do(command, { by: admin })).toMatchObject([
      { type: 'UserChanged', data: { changes: { name: { from: 'john_driver', to: 'John' }, active: { to: false } } } },
    ]);
    expect(user.state).toMatchObject({ name: 'John', role: 'driver', active: false, email: 'driver@example.com' });
    expect(user.do(command, { by: admin })).toEqual([]);
  });

  test('gives and takes email and vendor', () => {
    const user = registered();
    const moved = { type: 'ChangeUser', email: 'john@example.com', vendorId: 'vendor-1' } as const;
    expect(user.do(moved, { by: admin })).toMatchObject([
      { data: { changes: { email: { from: 'driver@example.com' }, vendorId: { from: null, to: 'vendor-1' } } } },
    ]);
    user.do({ type: 'ChangeUser', email: null, vendorId: null }, { by: admin });
    expect(user.state).toMatchObject({ email: null, vendorId: null, name: 'john_driver' });
    expect(refusal(user, admin, { type: 'ChangeUser', vendorId: '\0' })).toMatchObject({ field: 'vendorId' });
  });

  test('is for admins, and of users there are', () => {
    for (const by of [agent, service, driver]) {
      expect(refusal(registered(), by, { type: 'ChangeUser', name: 'x' }).code).toBe('forbidden');
    }
    expect(refusal(historyOf(userDecider, '1'), admin, { type: 'ChangeUser', name: 'x' }).code).toBe('not_found');
  });

  test('lets no admin lock themselves out', () => {
    const self = registered({ type: 'RegisterUser', name: 'Ada', role: 'admin' }, admin.id);
    expect(refusal(self, admin, { type: 'ChangeUser', active: false })).toMatchObject({
      code: 'conflict',
      field: 'active',
    });
    expect(refusal(self, admin, { type: 'ChangeUser', role: 'agent' })).toMatchObject({
      code: 'conflict',
      field: 'role',
    });
    expect(self.do({ type: 'ChangeUser', name: 'Ada L.', active: true }, { by: admin })).toHaveLength(1);
  });
});

describe('notifications', () => {
  test('are sent by admins and services, to users there are', () => {
    const user = registered();
    for (const by of [admin, service]) {
      expect(user.do(send, { by })).toMatchObject([{ data: { type: 'payment', data: { amount: 3 } } }]);
    }
    for (const by of [agent, driver]) expect(refusal(user, by, send).code).toBe('forbidden');
    expect(refusal(historyOf(userDecider, '1'), admin, send).code).toBe('not_found');
  });

  test('do not reach a deactivated user, and that is no error', () => {
    const user = registered();
    user.do({ type: 'ChangeUser', active: false }, { by: admin });
    expect(user.do(send, { by: admin })).toEqual([]);
  });

  test('carry JSON that the log and its readers can take', () => {
    const prototypes = JSON.parse('{"a": [{"__proto__": {"admin": true}}]}');
    const nested = JSON.parse(`${'['.repeat(40)}${']'.repeat(40)}`);
    for (const [data, field] of [
      [prototypes, 'data.a[0]'],
      [JSON.parse('{"constructor": {"prototype": {}}}'), 'data'],
      [{ text: '\0' }, 'data.text'],
      [{ 'half \ud83d': 1 }, 'data'],
      [{ when: new Date(0) }, 'data.when'],
      [{ amount: Number.NaN }, 'data.amount'],
    ] as const) {
      expect(refusal(registered(), admin, { ...send, data })).toMatchObject({ code: 'invalid_payload', field });
    }
    expect(refusal(registered(), admin, { ...send, data: { nested } }).message).toMatch('nested too deep');
    expect(registered().do({ ...send, data: { constructor: 'Acme', of: [null, true] } }, { by: admin })).toHaveLength(
      1,
    );
  });

  test('are read by their owner only', () => {
    const user = registered();
    const read = { type: 'MarkNotificationsRead', ids: ['a', 'b', 'a'] } as const;
    expect(user.do(read, { by: driver })).toMatchObject([{ type: 'NotificationsRead', data: { ids: ['a', 'b'] } }]);
    expect(user.do({ ...read, ids: [] }, { by: driver })).toEqual([]);
    for (const by of [otherDriver, admin, service]) {
      expect(refusal(user, by, read).code).toBe('forbidden');
      expect(refusal(user, by, { type: 'MarkAllNotificationsRead' }).code).toBe('forbidden');
      expect(refusal(user, by, { type: 'MarkInboxSeen', upToSeq: 1 }).code).toBe('forbidden');
    }
    expect(refusal(historyOf(userDecider, '1'), driver, read).code).toBe('not_found');
  });

  test('are read all at once, or up to a seq', () => {
    const user = registered();
    expect(user.do({ type: 'MarkAllNotificationsRead' }, { by: driver })).toMatchObject([{ data: {} }]);
    expect(user.do({ type: 'MarkAllNotificationsRead', upToSeq: 4 }, { by: driver })).toMatchObject([
      { type: 'AllNotificationsRead', data: { upToSeq: 4 } },
    ]);
    expect(user.do({ type: 'MarkAllNotificationsRead', upToSeq: 0 }, { by: driver })).toEqual([]);
    for (const upToSeq of [-1, 0.5, Number.NaN]) {
      expect(refusal(user, driver, { type: 'MarkAllNotificationsRead', upToSeq }).field).toBe('upToSeq');
    }
  });

  test('are seen further and further; looking again, or less far, records nothing', () => {
    const user = registered();
    const see = (upToSeq: number) => user.do({ type: 'MarkInboxSeen', upToSeq }, { by: driver });
    expect(see(0)).toEqual([]);
    expect(see(4)).toMatchObject([{ type: 'InboxSeen', data: { upToSeq: 4 } }]);
    for (const upToSeq of [4, 3, 0]) expect(see(upToSeq)).toEqual([]);
    user.do({ type: 'ChangeUser', name: 'Another' }, { by: admin });
    expect(see(4)).toEqual([]);
    expect(see(5)).toMatchObject([{ data: { upToSeq: 5 } }]);
    for (const upToSeq of [-1, 0.5, Number.NaN]) {
      expect(refusal(user, driver, { type: 'MarkInboxSeen', upToSeq }).field).toBe('upToSeq');
    }
  });
});

test('a deactivated user can do nothing, even while others still think them active', () => {
  const user = registered();
  user.do({ type: 'ChangeUser', active: false }, { by: admin });
  expect(refusal(user, driver, { type: 'MarkAllNotificationsRead' }).code).toBe('unauthorized');
  expect(refusal(user, deactivated(admin), send).code).toBe('unauthorized');
  expect(refusal(user, deactivated(admin), { type: 'ChangeUser', active: true }).code).toBe('unauthorized');
});
