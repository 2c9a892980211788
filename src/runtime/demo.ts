/**
 * The demo data of docs/protocol.md section 1: users with passwords, and references of tickets. Each command has a
 * fixed id, so that seeding again at the next start changes nothing, and later changes of these users stay.
 */
import type { ActorSystem, CommandContext } from '../actors/actor-system.ts';
import type { Credentials } from '../auth/credentials.ts';
import { referenceStreamId } from '../domain/reference/decider.ts';
import type { ReferenceEvent } from '../domain/reference/events.ts';
import type { Role, UserFacts } from '../domain/user/identity.ts';

export const DEMO_PASSWORD = 'deskwire-demo';

interface DemoUser {
  readonly id: string;
  readonly email: string;
  readonly role: Role;
  readonly name: string;
  readonly vendorId?: string;
}

export const DEMO_USERS: readonly DemoUser[] = [
  { id: '1', email: 'driver@example.com', role: 'driver', name: 'john_driver' },
  { id: '2', email: 'admin@example.com', role: 'admin', name: 'admin' },
  { id: '3', email: 'admin2@example.com', role: 'admin', name: 'admin2' },
  { id: '4', email: 'agent@example.com', role: 'agent', name: 'agent' },
  { id: '5', email: 'vendor@example.com', role: 'vendor', name: 'vendor', vendorId: 'vendor-1' },
  { id: '6', email: 'ops@example.com', role: 'ops', name: 'ops' },
  { id: '7', email: 'accounts@example.com', role: 'accounts', name: 'accounts' },
  { id: '8', email: 'driver2@example.com', role: 'driver', name: 'driver2' },
  { id: '9', email: 'service@example.com', role: 'service', name: 'service' },
];

const DEMO_REFERENCES: readonly ReferenceEvent['data'][] = [
  { type: 'station', id: '1', name: 'Central Station' },
  { type: 'vendor', id: 'vendor-1', name: 'Vendor One' },
  { type: 'grn', id: 'grn-1', vendorId: 'vendor-1', verifiedBy: '6' },
  { type: 'dispatch', id: 'dispatch-1', vendorId: 'vendor-1' },
];

const SEEDER: UserFacts = { id: 'deskwire:demo', name: 'Demo data', role: 'admin', active: true };

interface SeedDeps {
  readonly actors: ActorSystem;
  /** Undefined with an outside identity provider: then no user gets a password. */
  readonly credentials: Credentials | undefined;
}

/** Resolves when everything is recorded. */
export async function seedDemo({ actors, credentials }: SeedDeps): Promise<void> {
  const users = DEMO_USERS.map(async ({ id, email, role, name, vendorId }) => {
    const command = { type: 'RegisterUser', name, role, email, ...(vendorId !== undefined && { vendorId }) } as const;
    await actors.execute('user', id, command, contextOf('register'));
    await credentials?.add({ userId: id, email, password: DEMO_PASSWORD });
  });
  const references = DEMO_REFERENCES.map((reference) =>
    actors.execute(
      'reference',
      referenceStreamId(reference.type, reference.id),
      { type: 'SetReference', reference },
      contextOf('set'),
    ),
  );
  await Promise.all([...users, ...references]);
}

function contextOf(use: string): CommandContext {
  return { commandId: `${SEEDER.id}:${use}`, by: SEEDER, correlationId: SEEDER.id };
}
