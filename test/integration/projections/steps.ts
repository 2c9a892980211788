/** The steps of random histories: actions of a few users on a few tickets and rooms. */
import fc from 'fast-check';
import { CATEGORIES, STATUSES } from '../../../src/domain/ticket/fields.ts';
import { ROLES, type Role } from '../../../src/domain/user/identity.ts';

export const USERS = ['1', '2', '3', 'u-4', '__proto__', 'u-6'] as const;
export const TICKETS = ['t-1', 't-2', 't-3'] as const;
export const ROOMS = ['lobby', 'Desk.1'] as const;
const VENDORS = ['v-1', 'v-2'] as const;
const GRNS = ['g-1', 'g-2'] as const;
const DISPATCHES = ['d-1', 'd-2'] as const;
export const REFERENCES = [
  ...GRNS.map((id) => ['grn', id] as const),
  ...DISPATCHES.map((id) => ['dispatch', id] as const),
];

export type Step =
  | { do: 'register'; user: string; role: Role; vendor: string | undefined }
  | {
      do: 'changeUser';
      user: string;
      role: Role | undefined;
      active: boolean | undefined;
      name: string | undefined;
    }
  | { do: 'reference'; type: 'grn' | 'dispatch'; id: string; vendor: string | undefined; by: string | undefined }
  | {
      do: 'open';
      ticket: string;
      user: string;
      grn: string | undefined;
      dispatch: string | undefined;
      category: number;
    }
  | {
      do: 'change';
      ticket: string;
      user: string;
      assignee: string | null | undefined;
      status: number;
      category: number;
    }
  | { do: 'add' | 'remove'; ticket: string; user: string; other: string }
  | { do: 'post'; ticket: string; user: string; internal: boolean }
  | { do: 'read'; ticket: string; user: string; upTo: number }
  | { do: 'delete'; ticket: string; user: string }
  | { do: 'say'; room: string; user: string }
  | { do: 'configure'; room: string; private: boolean; members: readonly string[] }
  | { do: 'send'; user: string }
  | { do: 'markNotificationsRead'; user: string; nth: readonly number[] }
  | { do: 'readAll'; user: string; upTo: number | undefined }
  | { do: 'see'; user: string; upTo: number };

const user = fc.constantFrom(...USERS);
const ticket = fc.constantFrom(...TICKETS);
const role = fc.constantFrom(...ROLES);
const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });
const category = fc.nat(CATEGORIES.length - 1);

const register: fc.Arbitrary<Step> = fc.record({
  do: fc.constant('register' as const),
  user,
  role,
  vendor: maybe(fc.constantFrom(...VENDORS)),
});

const open: fc.Arbitrary<Step> = fc.record({
  do: fc.constant('open' as const),
  ticket,
  user,
  grn: maybe(fc.constantFrom(...GRNS)),
  dispatch: maybe(fc.constantFrom(...DISPATCHES)),
  category,
});

/** The first steps register users and open tickets, so that later steps find some. */
export const beginning = fc
  .tuple(fc.array(register, { minLength: 4, maxLength: 8 }), fc.array(open, { minLength: 2, maxLength: 4 }))
  .map((steps) => steps.flat());

export const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 1, arbitrary: register },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('changeUser' as const),
      user,
      role: maybe(role),
      active: maybe(fc.boolean()),
      name: maybe(fc.constantFrom('Another Name', "O'Neill")),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.oneof(
      fc.record({
        do: fc.constant('reference' as const),
        type: fc.constant('grn' as const),
        id: fc.constantFrom(...GRNS),
        vendor: maybe(fc.constantFrom(...VENDORS)),
        by: maybe(user),
      }),
      fc.record({
        do: fc.constant('reference' as const),
        type: fc.constant('dispatch' as const),
        id: fc.constantFrom(...DISPATCHES),
        vendor: maybe(fc.constantFrom(...VENDORS)),
        by: fc.constant(undefined),
      }),
    ),
  },
  { weight: 2, arbitrary: open },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('change' as const),
      ticket,
      user,
      assignee: maybe(fc.option(user)),
      status: fc.nat(STATUSES.length - 1),
      category,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constantFrom('add' as const, 'remove' as const), ticket, user, other: user }),
  },
  { weight: 10, arbitrary: fc.record({ do: fc.constant('post' as const), ticket, user, internal: fc.boolean() }) },
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constant('read' as const), ticket, user, upTo: fc.integer({ min: 1, max: 30 }) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('delete' as const), ticket, user }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('say' as const), room: fc.constantFrom(...ROOMS), user }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('configure' as const),
      room: fc.constantFrom(...ROOMS),
      private: fc.boolean(),
      members: fc.array(user, { maxLength: 2 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('send' as const), user }) },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('markNotificationsRead' as const),
      user,
      nth: fc.array(fc.nat(20), { maxLength: 5 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('readAll' as const), user, upTo: maybe(fc.integer({ min: 1, max: 30 })) }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant('see' as const), user, upTo: fc.integer({ min: 0, max: 30 }) }),
  },
);
