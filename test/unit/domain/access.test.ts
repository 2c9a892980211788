/**
 * The access policy as one table: every role in every relation to a ticket, and what they may do. The table is written
 * out, not computed, so that a change of policy has to be written down here too.
 */
import { describe, expect, test } from 'vitest';
import * as access from '../../../src/domain/access.ts';
import { ROLES, type Role, type UserFacts } from '../../../src/domain/user/identity.ts';

const base: access.TicketAccess = {
  requesterId: 'requester',
  assigneeId: null,
  participantIds: new Set(),
  category: 'general',
  relations: { vendorIds: ['other-vendor'], grnVerifiedBy: 'someone' },
};

const relations = {
  requester: { ...base, requesterId: 'me' },
  assignee: { ...base, assigneeId: 'me' },
  participant: { ...base, participantIds: new Set(['me']) },
  'of its vendor': { ...base, relations: { vendorIds: ['my-vendor'] } },
  'verifier of its GRN': { ...base, relations: { vendorIds: [], grnVerifiedBy: 'me' } },
  'about a payment': { ...base, category: 'payment' },
  'about an invoice': { ...base, category: 'invoice' },
  stranger: base,
} satisfies Record<string, access.TicketAccess>;
type Relation = keyof typeof relations;

/**
 * 's' see and post; 'w' work on it too (notes, change, assign, add people, timeline); 'd' delete as well; '-' nothing.
 */
const table: Record<Role, Record<Relation, '-' | 's' | 'w' | 'd'>> = {
  driver: row('s s s - - - - -'),
  customer: row('s s s - - - - -'),
  vendor: row('s s s s - - - -'),
  agent: row('w w w w w w w w'),
  ops: row('w w w - w - - -'),
  accounts: row('w w w - - w w -'),
  admin: row('d d d d d d d d'),
  service: row('s s s - - - - -'),
};

function row(cells: string): Record<Relation, '-' | 's' | 'w' | 'd'> {
  const values = cells.split(' ');
  return Object.fromEntries(Object.keys(relations).map((relation, index) => [relation, values[index]])) as never;
}

const actions: Record<string, { at: string; may: (user: UserFacts, ticket: access.TicketAccess) => boolean }> = {
  'see it': { at: 'swd', may: access.maySeeTicket },
  'post in it': { at: 'swd', may: access.mayPostMessage },
  'see internal notes': { at: 'wd', may: access.maySeeInternalNotes },
  'post internal notes': { at: 'wd', may: access.mayPostInternalNote },
  'see its timeline': { at: 'wd', may: access.maySeeTimeline },
  'change it': { at: 'wd', may: access.mayChangeTicket },
  'assign it': { at: 'wd', may: access.mayAssignTicket },
  'add participants': { at: 'wd', may: access.mayAddParticipant },
  'remove participants': { at: 'wd', may: (user, ticket) => access.mayRemoveParticipant(user, ticket, 'another') },
  'leave it': { at: 'swd', may: (user, ticket) => access.mayRemoveParticipant(user, ticket, user.id) },
  'delete it': { at: 'd', may: access.mayDeleteTicket },
};

const me = (role: Role): UserFacts => ({
  id: 'me',
  name: 'Me',
  role,
  active: true,
  ...(role === 'vendor' && { vendorId: 'my-vendor' }),
});

describe.each(ROLES)('as %s', (role) => {
  test.each(Object.keys(relations) as Relation[])('%s', (relation) => {
    const expected = Object.fromEntries(
      Object.entries(actions).map(([action, { at }]) => [action, at.includes(table[role][relation])]),
    );
    const actual = Object.fromEntries(
      Object.entries(actions).map(([action, { may }]) => [action, may(me(role), relations[relation])]),
    );
    expect(actual).toEqual(expected);
  });

  test('nothing once deactivated', () => {
    for (const ticket of Object.values(relations)) {
      for (const { may } of Object.values(actions)) expect(may({ ...me(role), active: false }, ticket)).toBe(false);
    }
    expect(access.mayOpenTicketFor({ ...me(role), active: false }, 'me')).toBe(false);
  });
});

test('a vendor without a company is related to no ticket, whatever the ticket points at', () => {
  const { vendorId: _, ...loner } = me('vendor');
  for (const vendorIds of [[], [''], ['undefined']]) {
    expect(access.maySeeTicket(loner, { ...base, relations: { vendorIds } })).toBe(false);
    expect(access.maySeeTicket({ ...loner, vendorId: '' }, { ...base, relations: { vendorIds } })).toBe(false);
  }
});

test('only vendors get access by vendor, whatever else they say of themselves', () => {
  expect(access.maySeeTicket({ ...me('driver'), vendorId: 'my-vendor' }, relations['of its vendor'])).toBe(false);
});

test('requesters open for themselves, staff and services for anyone', () => {
  const forOthers: Role[] = ['agent', 'ops', 'accounts', 'admin', 'service'];
  for (const role of ROLES) {
    expect(access.mayOpenTicketFor(me(role), 'me')).toBe(true);
    expect(access.mayOpenTicketFor(me(role), 'another')).toBe(forOthers.includes(role));
  }
});

test('only active staff may be assigned', () => {
  const staff: Role[] = ['agent', 'ops', 'accounts', 'admin'];
  for (const role of ROLES) {
    expect(access.mayBeAssigned(me(role))).toBe(staff.includes(role));
    expect(access.mayBeAssigned({ ...me(role), active: false })).toBe(false);
  }
});

test('users are for the desk to know, and everybody knows themselves', () => {
  const desk: Role[] = ['agent', 'ops', 'accounts', 'admin'];
  for (const role of ROLES) {
    expect(access.maySeeUser(me(role), 'me')).toBe(true);
    expect(access.maySeeUser(me(role), 'another')).toBe(desk.includes(role));
    expect(access.mayListUsers(me(role))).toBe(desk.includes(role));
    expect(access.maySeeReferences(me(role))).toBe(desk.includes(role) || role === 'service');
    expect(access.maySeeDeletedTimeline(me(role))).toBe(role === 'admin');
    const gone = { ...me(role), active: false };
    expect([access.maySeeUser(gone, 'me'), access.mayListUsers(gone), access.maySeeReferences(gone)]).not.toContain(
      true,
    );
  }
});

test('admins register anybody, services whoever is not of the desk, others nobody', () => {
  for (const role of ROLES) {
    for (const newcomer of ROLES) {
      const requester = newcomer === 'driver' || newcomer === 'customer' || newcomer === 'vendor';
      const expected = role === 'admin' || (role === 'service' && requester);
      expect(access.mayRegisterUser(me(role), newcomer), `${role} registers ${newcomer}`).toBe(expected);
    }
  }
});
