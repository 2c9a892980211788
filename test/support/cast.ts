/**
 * Users of every role, and tickets in every relation that the policy knows, for test matrices. The expected access is
 * written by hand from docs/protocol.md section 1. It does not call the code under test.
 */
import { randomUUID } from 'node:crypto';
import type { ActorSystem } from '../../src/actors/actor-system.ts';
import type { Credentials } from '../../src/auth/credentials.ts';
import { referenceStreamId } from '../../src/domain/reference/decider.ts';
import type { ReferenceEvent } from '../../src/domain/reference/events.ts';
import type { TicketCommand } from '../../src/domain/ticket/commands.ts';
import type { Category } from '../../src/domain/ticket/fields.ts';
import { ROLES, type Role, type UserFacts } from '../../src/domain/user/identity.ts';

/** The relation of a user to a ticket: on it, through its references or its category, or none. */
export type Relation =
  | 'requester'
  | 'assignee'
  | 'participant'
  | 'vendor of its GRN'
  | 'vendor of its dispatch'
  | 'verifier of its GRN'
  | 'accounts of a payment'
  | 'accounts of an invoice'
  | 'stranger';

export interface Case {
  readonly role: Role;
  readonly relation: Relation;
}

const ANYBODY: readonly Relation[] = ['requester', 'participant', 'stranger'];
const RELATIONS: Readonly<Record<Role, readonly Relation[]>> = {
  driver: ANYBODY,
  customer: ANYBODY,
  service: ANYBODY,
  vendor: [...ANYBODY, 'vendor of its GRN', 'vendor of its dispatch'],
  agent: [...ANYBODY, 'assignee'],
  admin: [...ANYBODY, 'assignee'],
  ops: [...ANYBODY, 'assignee', 'verifier of its GRN'],
  accounts: [...ANYBODY, 'assignee', 'accounts of a payment', 'accounts of an invoice'],
};

/** Every role in every relation that it can have. */
export const CASES: readonly Case[] = ROLES.flatMap((role) => RELATIONS[role].map((relation) => ({ role, relation })));

export function sees({ role, relation }: Case): boolean {
  return relation !== 'stranger' || role === 'admin' || role === 'agent';
}

/** May see internal notes, change, assign and read the history of the tickets that they see. */
export function isDesk(role: Role): boolean {
  return role === 'agent' || role === 'admin' || role === 'ops' || role === 'accounts';
}

export const CAST_PASSWORD = 'cast-password';
export const emailOf = (role: Role | 'outsider' | 'colleague' | 'leaver') => `${role}@cast.example.com`;

export interface CastTicket {
  readonly id: string;
  readonly number: number;
  /** A text, unique to the ticket, that must never reach a user who may not see the ticket or note that has it. */
  readonly secrets: { readonly description: string; readonly message: string; readonly note: string };
}

export interface Cast {
  /** One user of each role. */
  user(role: Role): UserFacts;
  /** A customer without any relation to the others: the requester of the tickets of strangers. */
  readonly outsider: UserFacts;
  /** An agent who answers in every ticket, in public and in private. */
  readonly colleague: UserFacts;
  /** A user who can sign in until they are deactivated. */
  readonly leaver: UserFacts;
  /** A new ticket with this relation to the user of this role. */
  ticketFor(wanted: Case): Promise<CastTicket>;
}

export interface CastParts {
  readonly actors: ActorSystem;
  readonly credentials: Credentials | undefined;
  readonly nextTicketNumber: () => Promise<number>;
}

const DIRECTOR: UserFacts = { id: 'cast-director', name: 'Director', role: 'admin', active: true };
const VENDOR_ID = 'cast-vendors';

export async function createCast({ actors, credentials, nextTicketNumber }: CastParts): Promise<Cast> {
  const context = (by: UserFacts) => ({ commandId: randomUUID(), by, correlationId: 'cast' });

  const register = async (key: string, role: Role): Promise<UserFacts> => {
    const id = `cast-${key}`;
    const vendor = role === 'vendor' ? { vendorId: VENDOR_ID } : {};
    const facts = { name: `The ${key}`, role, email: `${key}@cast.example.com`, ...vendor };
    await actors.execute('user', id, { type: 'RegisterUser', ...facts }, context(DIRECTOR));
    await credentials?.add({ userId: id, email: facts.email, password: CAST_PASSWORD });
    return { id, active: true, ...facts };
  };
  const setReference = (reference: ReferenceEvent['data']) => {
    const id = referenceStreamId(reference.type, reference.id);
    return actors.execute('reference', id, { type: 'SetReference', reference }, context(DIRECTOR));
  };

  const users = new Map(await Promise.all(ROLES.map(async (role) => [role, await register(role, role)] as const)));
  const user = (role: Role) => {
    const found = users.get(role);
    if (found === undefined) throw new Error(`nobody plays the ${role}`);
    return found;
  };
  const outsider = await register('outsider', 'customer');
  const colleague = await register('colleague', 'agent');
  const leaver = await register('leaver', 'admin');
  await setReference({ type: 'grn', id: 'cast-grn', vendorId: VENDOR_ID, verifiedBy: 'somebody' });
  await setReference({ type: 'grn', id: 'cast-verified', vendorId: 'others', verifiedBy: user('ops').id });
  await setReference({ type: 'dispatch', id: 'cast-dispatch', vendorId: VENDOR_ID });
  await setReference({ type: 'grn', id: 'others-grn', vendorId: 'others', verifiedBy: 'somebody' });
  await setReference({ type: 'dispatch', id: 'others-dispatch', vendorId: 'others' });

  return {
    user,
    outsider,
    colleague,
    leaver,
    async ticketFor({ role, relation }) {
      const id = randomUUID();
      const number = await nextTicketNumber();
      const secrets = { description: `D-${id}`, message: `M-${id}`, note: `N-${id}` };
      const requester = relation === 'requester' ? user(role) : outsider;
      const give = (by: UserFacts, command: TicketCommand) => actors.execute('ticket', id, command, context(by));
      const say = (message: string, internal: boolean) =>
        give(colleague, {
          type: 'PostMessage',
          messageId: randomUUID(),
          message,
          messageType: 'TEXT',
          attachments: [],
          internal,
        });
      await give(requester, {
        type: 'OpenTicket',
        number,
        requester,
        description: secrets.description,
        priority: 'medium',
        tags: [],
        ...aboutWhat(relation),
      });
      await Promise.all([say(secrets.message, false), say(secrets.note, true)]);
      if (relation === 'assignee') await give(DIRECTOR, { type: 'ChangeTicket', assignee: user(role) });
      if (relation === 'participant') await give(DIRECTOR, { type: 'AddParticipant', user: user(role) });
      return { id, number, secrets };
    },
  };
}

/** A stranger's ticket points at references of the same kinds that belong to others. */
function aboutWhat(relation: Relation): { grnId: string; dispatchId: string; category: Category } {
  const others = { grnId: 'others-grn', dispatchId: 'others-dispatch', category: 'technical' } as const;
  switch (relation) {
    case 'vendor of its GRN':
      return { ...others, grnId: 'cast-grn' };
    case 'verifier of its GRN':
      return { ...others, grnId: 'cast-verified' };
    case 'vendor of its dispatch':
      return { ...others, dispatchId: 'cast-dispatch' };
    case 'accounts of a payment':
      return { ...others, category: 'payment' };
    case 'accounts of an invoice':
      return { ...others, category: 'invoice' };
    default:
      return others;
  }
}
