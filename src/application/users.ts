/** Users: get, list, register and change. */
import { v5 as uuidv5 } from 'uuid';
import type { CommandContext, CommandOutcome } from '../actors/actor-system.ts';
import type { Auth } from '../auth/auth.ts';
import type { PasswordReset } from '../auth/password-resets.ts';
import { requireGoodPassword } from '../auth/password-rules.ts';
import {
  mayChangeUser,
  mayGivePassword,
  mayGiveVendorId,
  mayListUsers,
  mayRegisterUser,
  maySeeUser,
  requirePermission,
} from '../domain/access.ts';
import { DeskwireError } from '../domain/errors.ts';
import type { UserCommand, UserState } from '../domain/user/decider.ts';
import type { Role, UserFacts } from '../domain/user/identity.ts';
import type { Page, UserFilter, UserView } from '../projections/queries/queries.ts';
import { type Application, type Caller, commandContext, type Done } from './application.ts';
import { backendsOf } from './backends.ts';
import { executeForState } from './execute.ts';

/** Namespace of the user ids that follow from an idempotency key. Never change it: retries would register twice. */
const USER_NAMESPACE = '0d7a6e9e-6a6b-4a43-8f0e-7f1f0c1f6a11';

export interface RegisterUserInput {
  /** The product's own id of the user; a new one when absent. */
  readonly id?: string;
  readonly name: string;
  readonly role: Role;
  readonly email?: string;
  readonly vendorId?: string;
  /**
   * For signing in with the email; without it they cannot, until an identity provider or the product says who they are.
   */
  readonly password?: string;
}

export interface ChangeUserInput {
  readonly name?: string;
  readonly role?: Role;
  readonly active?: boolean;
  /** null takes it away. */
  readonly vendorId?: string | null;
}

export interface ChangedUser extends Done {
  readonly user: UserView;
}

/** Rejects with `forbidden` first, so that the answer does not tell whether the user exists. */
export async function getUser(application: Application, viewer: UserFacts, id: string): Promise<UserView> {
  requirePermission(maySeeUser(viewer, id), 'Only staff see other users');
  const user = await backendsOf(application).queries.user(id);
  if (user === undefined) throw new DeskwireError('not_found', 'User not found');
  return user;
}

export async function listUsers(
  application: Application,
  viewer: UserFacts,
  filter: UserFilter,
  page: { cursor?: string; limit: number },
): Promise<Page<UserView>> {
  requirePermission(mayListUsers(viewer), 'Only staff see other users');
  return backendsOf(application).queries.users(filter, page);
}

/**
 * Registers a user. The password is set before the user exists and taken back when they are refused: so nobody is ever
 * registered without it because the email turned out to be taken. Rejects with `forbidden` or `conflict`.
 */
export async function registerUser(
  application: Application,
  caller: Caller,
  own: Auth['own'],
  input: RegisterUserInput,
): Promise<ChangedUser> {
  const { password, ...visible } = input;
  requirePermission(mayRegisterUser(caller.user, input.role), 'You may not register users of this role');
  const id = input.id ?? idFor(application, caller);
  requirePermission(password === undefined || mayGivePassword(caller.user), 'Only admins give passwords');
  await requireVendorId(application, caller.user, id, input.vendorId);
  const context = commandContext(application, caller, 'register', { input: visible });
  const { state } = await backendsOf(application).actors.read('user', id);
  // Only a repetition may find the user registered. It changes nothing, not even the password.
  if (state.exists) return register(application, id, input, context);
  const added = password !== undefined && (await addPassword(own, id, input.email, password));
  try {
    return await register(application, id, input, context);
  } catch (error) {
    // After an outage it is unknown whether the user was registered: the password stays for the retry.
    const refused = error instanceof DeskwireError && error.code !== 'unavailable';
    if (added && refused) await own?.credentials.remove(id);
    throw error;
  }
}

/** Settles first: somebody who was registered a moment ago has their vendorId. */
async function requireVendorId(
  application: Application,
  by: UserFacts,
  userId: string,
  vendorId: string | undefined,
): Promise<void> {
  if (vendorId === undefined || mayGiveVendorId(by, true)) return;
  await application.settle();
  const holders = await backendsOf(application).queries.vendorHolders(vendorId);
  const isTaken = holders.some((id) => id !== userId);
  requirePermission(mayGiveVendorId(by, isTaken), 'Somebody else has this vendorId');
}

function idFor(application: Application, caller: Caller): string {
  if (caller.key === undefined) return application.newId();
  return uuidv5(`${caller.user.id.length}:${caller.user.id}:${caller.key}`, USER_NAMESPACE);
}

/**
 * To be registered a second time, just as they are, is no change to the user; to whoever registers somebody, it is a
 * conflict.
 */
async function register(
  application: Application,
  id: string,
  { name, role, email, vendorId }: RegisterUserInput,
  context: CommandContext,
): Promise<ChangedUser> {
  const optional = { ...(email !== undefined && { email }), ...(vendorId !== undefined && { vendorId }) };
  const command: UserCommand = { type: 'RegisterUser', name, role, ...optional };
  const outcome = await executeForState(application, 'user', id, command, context);
  if (outcome.events.length > 0) return done(outcome);
  throw new DeskwireError('conflict', 'A user is already registered under this id', { field: 'id' });
}

/** Returns whether there was none before. */
async function addPassword(
  own: Auth['own'],
  userId: string,
  email: string | undefined,
  password: string,
): Promise<boolean> {
  if (own === undefined) {
    throw new DeskwireError('invalid_payload', 'An identity provider signs users in here', { field: 'password' });
  }
  if (email === undefined) {
    throw new DeskwireError('invalid_payload', 'A password needs an email to sign in with', { field: 'email' });
  }
  requireGoodPassword(password, 'password', email);
  const outcome = await own.credentials.add({ userId, email, password });
  if (outcome !== 'email_taken') return outcome === 'added';
  throw new DeskwireError('conflict', 'Somebody signs in with this email already', { field: 'email' });
}

/** A deactivated user's sessions end with it, so that what they hold does not work again when they are reactivated. */
export async function changeUser(
  application: Application,
  caller: Caller,
  own: Auth['own'],
  id: string,
  input: ChangeUserInput,
): Promise<ChangedUser> {
  const context = commandContext(application, caller, 'change', { input });
  const outcome = await executeForState(application, 'user', id, { type: 'ChangeUser', ...input }, context);
  if (!outcome.state.active) await own?.login.logoutEverywhere(id);
  return done(outcome);
}

/** Rejects with `forbidden`, `not_found`, and `conflict` for a user who cannot sign in. */
export async function issuePasswordReset(
  application: Application,
  by: UserFacts,
  own: NonNullable<Auth['own']>,
  id: string,
): Promise<PasswordReset> {
  requirePermission(mayChangeUser(by), 'Only admins give users a new password');
  const user = await application.directory.user(id);
  if (user === undefined) throw new DeskwireError('not_found', 'User not found');
  return own.account.issueReset(user, by);
}

function done({ state, version, position, duplicate }: CommandOutcome<'user'>): ChangedUser {
  return { user: viewOf(state, version), version, position, duplicate };
}

function viewOf({ id, name, role, active, email, vendorId }: UserState, version: number): UserView {
  return {
    id,
    name,
    role,
    active,
    version,
    ...(email !== null && { email }),
    ...(vendorId !== null && { vendorId }),
  };
}
