/** What rooms and references do when asked, and what they refuse. */
import { describe, expect, test } from 'vitest';
import { mayEnterRoom } from '../../../src/domain/access.ts';
import { type ReferenceCommand, referenceDecider } from '../../../src/domain/reference/decider.ts';
import { relationsOf } from '../../../src/domain/reference/relations.ts';
import { roomDecider } from '../../../src/domain/room/decider.ts';
import { ROOM_NAME } from '../../../src/domain/room/name.ts';
import { foldAll, historyOf, refusalOf } from './history.ts';
import { accounts, admin, agent, deactivated, driver, everyone, ops, otherDriver, service } from './people.ts';

describe('a room', () => {
  const room = () => historyOf(roomDecider, 'lobby');
  const say = (message: unknown) => ({ type: 'PostRoomMessage', message, clientId: 'socket-1' }) as const;
  const configure = (members: string[], isPrivate = true) =>
    ({ type: 'ConfigureRoom', private: isPrivate, members }) as const;

  test('is open to everyone from its first use', () => {
    const lobby = room();
    for (const by of everyone) expect(lobby.do(say({ hello: [1] }), { by })).toHaveLength(1);
    expect(lobby.events[0]).toMatchObject({
      type: 'RoomMessagePosted',
      data: { message: { hello: [1] }, clientId: 'socket-1' },
    });
  });

  test('is for its members alone once it is private', () => {
    const lobby = room();
    lobby.do(configure([driver.id]), { by: admin });
    expect(lobby.do(say('hi'), { by: driver })).toHaveLength(1);
    for (const by of [otherDriver, agent, admin, service]) {
      expect(refusalOf(() => lobby.do(say('hi'), { by })).code).toBe('forbidden');
      expect(mayEnterRoom(by, lobby.state)).toBe(false);
    }
    lobby.do(configure([], false), { by: admin });
    expect(lobby.do(say('hi'), { by: otherDriver })).toHaveLength(1);
  });

  test('is configured by admins and services', () => {
    for (const by of [driver, agent, ops]) {
      expect(refusalOf(() => room().do(configure([by.id]), { by })).code).toBe('forbidden');
    }
    for (const by of [admin, service]) expect(room().do(configure([driver.id]), { by })).toHaveLength(1);
  });

  test('records no configuration that changes nothing', () => {
    const lobby = room();
    expect(lobby.do(configure([], false), { by: admin })).toEqual([]);
    expect(lobby.do(configure(['a', 'b', 'a']), { by: admin })).toMatchObject([{ data: { members: ['a', 'b'] } }]);
    expect(lobby.do(configure(['b', 'a']), { by: admin })).toEqual([]);
    expect(lobby.do(configure(['b']), { by: admin })).toHaveLength(1);
  });

  test('relays JSON and nothing else', () => {
    for (const bad of [undefined, Buffer.from('x'), { deep: '\0' }, JSON.parse('{"__proto__": 1}'), () => 1, 1n]) {
      expect(refusalOf(() => room().do(say(bad), { by: driver })).code).toBe('invalid_payload');
    }
    for (const good of [null, false, 0, '', [], {}, Object.create(null)]) {
      expect(room().do(say(good), { by: driver })).toHaveLength(1);
    }
  });

  test('is no place for a deactivated user', () => {
    const by = deactivated(driver);
    expect(refusalOf(() => room().do(say('hi'), { by })).code).toBe('unauthorized');
    expect(mayEnterRoom(by, room().state)).toBe(false);
  });

  test('has a name that can be part of a path', () => {
    for (const name of ['lobby', 'A-1_b.c', 'x'.repeat(64)]) expect(ROOM_NAME.test(name)).toBe(true);
    for (const name of ['', 'x'.repeat(65), 'a b', 'a/b', 'a:b', 'é', 'a\n']) expect(ROOM_NAME.test(name)).toBe(false);
  });
});

describe('a reference', () => {
  const grn = { type: 'grn', id: 'grn-1', vendorId: 'vendor-1', verifiedBy: '6' } as const;
  const set = (reference: ReferenceCommand['reference']): ReferenceCommand => ({ type: 'SetReference', reference });

  test('is set whole by admins and services', () => {
    const history = historyOf(referenceDecider, 'grn-grn-1');
    expect(history.do(set(grn), { by: service })).toMatchObject([{ type: 'ReferenceSet', data: grn }]);
    history.do(set({ type: 'grn', id: 'grn-1' }), { by: admin });
    expect(history.state).toEqual({
      exists: true,
      type: 'grn',
      id: 'grn-1',
      name: null,
      vendorId: null,
      verifiedBy: null,
    });
    for (const by of [ops, agent, accounts, driver]) {
      expect(refusalOf(() => history.do(set(grn), { by })).code).toBe('forbidden');
    }
    expect(refusalOf(() => history.do(set(grn), { by: deactivated(admin) })).code).toBe('unauthorized');
  });

  test('set to what it is records nothing, and never becomes another', () => {
    const history = historyOf(referenceDecider, 'grn-grn-1');
    history.do(set(grn), { by: service });
    expect(history.do(set({ ...grn }), { by: admin })).toEqual([]);
    expect(refusalOf(() => history.do(set({ ...grn, id: 'grn-2' }), { by: admin })).code).toBe('conflict');
  });

  test('gives access only through fields that mean something', () => {
    const refused = (reference: ReferenceCommand['reference']) =>
      refusalOf(() => historyOf(referenceDecider, 'x').do(set(reference), { by: admin }));
    expect(refused({ type: 'station', id: '1', vendorId: 'vendor-1' }).field).toBe('vendorId');
    expect(refused({ type: 'dispatch', id: '1', verifiedBy: '6' }).field).toBe('verifiedBy');
  });

  test('relates tickets to vendors and to who verified the GRN', () => {
    const stateOf = (reference: ReferenceCommand['reference']) => {
      const history = historyOf(referenceDecider, reference.id);
      history.do(set(reference), { by: service });
      return foldAll(referenceDecider, history.events);
    };
    const dispatch = { type: 'dispatch', id: 'dispatch-1', vendorId: 'vendor-2' } as const;
    expect(relationsOf(undefined, undefined)).toEqual({ vendorIds: [] });
    expect(relationsOf(stateOf(grn), stateOf(dispatch))).toEqual({
      vendorIds: ['vendor-1', 'vendor-2'],
      grnVerifiedBy: '6',
    });
    expect(relationsOf(undefined, stateOf({ ...dispatch, vendorId: 'vendor-1' }))).toEqual({ vendorIds: ['vendor-1'] });
  });
});
