/**
 * The decider of users. Admins and services register users and send notifications, admins change users, and users mark
 * their own notifications as read. Source: docs/protocol.md sections 3, 6 and 8.
 *
 * An admin cannot deactivate themselves or change their own role, so that the last admin does not do so by mistake.
 */
import { mayChangeUser, mayRegisterUser, maySendNotification, requireActive, requirePermission } from '../access.ts';
import type { Change } from '../change.ts';
import { DeskwireError } from '../errors.ts';
import { type Decider, parseStream, type RecordedEvent } from '../event.ts';
import { assertJson, assertName, assertText } from '../json.ts';
import type { Priority } from '../priority.ts';
import type { UserEvent } from './events.ts';
import { LEAST_ROLE, type Role, type UserFacts } from './identity.ts';

export type UserCommand =
  | {
      readonly type: 'RegisterUser';
      readonly name: string;
      readonly role: Role;
      readonly email?: string;
      readonly vendorId?: string;
    }
  | {
      readonly type: 'ChangeUser';
      readonly name?: string;
      readonly role?: Role;
      readonly active?: boolean;
      /** null removes it. */
      readonly email?: string | null;
      readonly vendorId?: string | null;
    }
  | {
      readonly type: 'SendNotification';
      readonly notificationType: string;
      readonly title: string;
      readonly message: string;
      readonly data: Readonly<Record<string, unknown>>;
      readonly priority: Priority;
    }
  | { readonly type: 'MarkNotificationsRead'; readonly ids: readonly string[] }
  | { readonly type: 'MarkAllNotificationsRead'; readonly upToSeq?: number }
  /** `upToSeq` is at most the newest seq of the inbox; the use case reads it before. */
  | { readonly type: 'MarkInboxSeen'; readonly upToSeq: number }
  /** Comes from Deskwire itself and from operators, also for an id without a registered user. */
  | ({ readonly type: 'RecordAccountActivity' } & DataOf<'AccountActivityRecorded'>);

type DataOf<T extends UserEvent['type']> = Extract<UserEvent, { type: T }>['data'];

export interface UserState {
  readonly exists: boolean;
  readonly id: string;
  readonly name: string;
  readonly role: Role;
  readonly active: boolean;
  readonly email: string | null;
  readonly vendorId: string | null;
  /** The seq up to which the user has seen the inbox. */
  readonly seenUpTo: number;
  /** Unix time in milliseconds of the last deactivation; null when there was none. Earlier sessions have ended. */
  readonly deactivatedAt: number | null;
}

type CommandOf<T extends UserCommand['type']> = Extract<UserCommand, { type: T }>;
type Decision = readonly UserEvent[];

export const userDecider: Decider<UserState, UserCommand, UserEvent> = {
  kind: 'user',
  stateVersion: 3,
  initialState: () => ({
    exists: false,
    id: '',
    name: '',
    role: LEAST_ROLE,
    active: false,
    email: null,
    vendorId: null,
    seenUpTo: 0,
    deactivatedAt: null,
  }),
  decide: (command, state, { by }) => {
    requireActive(by);
    switch (command.type) {
      case 'RegisterUser':
        return register(command, state, by);
      case 'ChangeUser':
        return change(command, state, by);
      case 'SendNotification':
        return send(command, state, by);
      case 'MarkNotificationsRead':
        return markRead(command, state, by);
      case 'MarkAllNotificationsRead':
        return markAllRead(command, state, by);
      case 'MarkInboxSeen':
        return markSeen(command, state, by);
      case 'RecordAccountActivity':
        return recordActivity(command, by);
    }
  },
  evolve,
};

/** The facts of a registered user, for rules and payloads; undefined when there is none. */
export function userFactsOf(state: UserState): UserFacts | undefined {
  if (!state.exists) return undefined;
  const { id, name, role, active, email, vendorId, deactivatedAt } = state;
  return {
    id,
    name,
    role,
    active,
    ...(email !== null && { email }),
    ...(vendorId !== null && { vendorId }),
    ...(deactivatedAt !== null && { deactivatedAt }),
  };
}

/** A repeated registration with the same fields is no change. With other fields it is a conflict. */
function register(command: CommandOf<'RegisterUser'>, state: UserState, by: UserFacts): Decision {
  requirePermission(mayRegisterUser(by, command.role), 'You may not register users of this role');
  const { name, role, email, vendorId } = command;
  assertName(name, 'name');
  if (email !== undefined) assertName(email, 'email');
  if (vendorId !== undefined) assertName(vendorId, 'vendorId');
  if (!state.exists) {
    const optional = { ...(email !== undefined && { email }), ...(vendorId !== undefined && { vendorId }) };
    return [{ type: 'UserRegistered', data: { name, role, ...optional } }];
  }
  const same =
    state.name === name &&
    state.role === role &&
    state.email === (email ?? null) &&
    state.vendorId === (vendorId ?? null);
  if (!same) throw new DeskwireError('conflict', 'A user is already registered under this id');
  return [];
}

function change(command: CommandOf<'ChangeUser'>, state: UserState, by: UserFacts): Decision {
  requirePermission(mayChangeUser(by), 'Only admins change users');
  requireExists(state);
  for (const field of ['name', 'email', 'vendorId'] as const) assertName(command[field] ?? '', field);
  const name = changeOf(state.name, command.name);
  const role = changeOf(state.role, command.role);
  const active = changeOf(state.active, command.active);
  const email = changeOf(state.email, command.email);
  const vendorId = changeOf(state.vendorId, command.vendorId);
  if (by.id === state.id && (role !== undefined || active !== undefined)) {
    throw new DeskwireError('conflict', 'Another admin has to do that', { field: role ? 'role' : 'active' });
  }
  const changes = {
    ...(name && { name }),
    ...(role && { role }),
    ...(active && { active }),
    ...(email && { email }),
    ...(vendorId && { vendorId }),
  };
  return Object.keys(changes).length === 0 ? [] : [{ type: 'UserChanged', data: { changes } }];
}

/** A deactivated user receives nothing. That is no error: one of many recipients must not fail the others. */
function send(command: CommandOf<'SendNotification'>, state: UserState, by: UserFacts): Decision {
  requirePermission(maySendNotification(by), 'Only admins and services send notifications');
  requireExists(state);
  const { notificationType, title, message, data, priority } = command;
  assertText(notificationType, 'type');
  assertName(title, 'title');
  assertText(message, 'message');
  assertJson(data, 'data');
  if (!state.active) return [];
  return [{ type: 'NotificationSent', data: { type: notificationType, title, message, data, priority } }];
}

function markRead(command: CommandOf<'MarkNotificationsRead'>, state: UserState, by: UserFacts): Decision {
  requireSelf(state, by);
  for (const id of command.ids) assertText(id, 'ids');
  const ids = [...new Set(command.ids)];
  return ids.length === 0 ? [] : [{ type: 'NotificationsRead', data: { ids } }];
}

function markAllRead({ upToSeq }: CommandOf<'MarkAllNotificationsRead'>, state: UserState, by: UserFacts): Decision {
  requireSelf(state, by);
  if (upToSeq === undefined) return [{ type: 'AllNotificationsRead', data: {} }];
  requireSeq(upToSeq);
  return upToSeq === 0 ? [] : [{ type: 'AllNotificationsRead', data: { upToSeq } }];
}

/** Without a new notification this is no event: users open the inbox often. */
function markSeen({ upToSeq }: CommandOf<'MarkInboxSeen'>, state: UserState, by: UserFacts): Decision {
  requireSelf(state, by);
  requireSeq(upToSeq);
  return upToSeq <= state.seenUpTo ? [] : [{ type: 'InboxSeen', data: { upToSeq } }];
}

function recordActivity({ type: _, ...data }: CommandOf<'RecordAccountActivity'>, by: UserFacts): Decision {
  requirePermission(mayChangeUser(by), 'Only Deskwire records what happens to accounts');
  return [{ type: 'AccountActivityRecorded', data }];
}

function requireSeq(upToSeq: number): void {
  if (Number.isSafeInteger(upToSeq) && upToSeq >= 0) return;
  throw new DeskwireError('invalid_payload', 'upToSeq must be the seq of a notification', { field: 'upToSeq' });
}

function requireExists(state: UserState): void {
  if (!state.exists) throw new DeskwireError('not_found', 'User not found');
}

function requireSelf(state: UserState, by: UserFacts): void {
  requireExists(state);
  requirePermission(by.id === state.id, 'You may read only your own notifications');
  // The author's facts may be a moment old; the state of this stream is current.
  requireActive({ ...by, active: state.active });
}

function changeOf<T>(from: T, to: T | undefined): Change<T> | undefined {
  return to === undefined || to === from ? undefined : { from, to };
}

function evolve(state: UserState, event: RecordedEvent<UserEvent>): UserState {
  switch (event.type) {
    case 'UserRegistered': {
      const { name, role, email, vendorId } = event.data;
      const { id } = parseStream(event.stream);
      const optional = { email: email ?? null, vendorId: vendorId ?? null };
      return { ...state, exists: true, id, name, role, active: true, ...optional };
    }
    case 'UserChanged': {
      const { name, role, active, email, vendorId } = event.data.changes;
      return {
        ...state,
        ...(name && { name: name.to }),
        ...(role && { role: role.to }),
        ...(active && { active: active.to }),
        ...(active?.to === false && { deactivatedAt: Date.parse(event.time) }),
        ...(email && { email: email.to }),
        ...(vendorId && { vendorId: vendorId.to }),
      };
    }
    case 'InboxSeen':
      return { ...state, seenUpTo: Math.max(state.seenUpTo, event.data.upToSeq) };
    case 'NotificationSent':
    case 'NotificationsRead':
    case 'AllNotificationsRead':
    case 'AccountActivityRecorded':
      return state;
    default:
      // From a newer Deskwire, while both run during a deployment.
      event satisfies never;
      return state;
  }
}
