/** The inbox of a user: list, mark as read or seen, and send notifications. */
import { maySendNotification, requirePermission } from '../domain/access.ts';
import { DeskwireError } from '../domain/errors.ts';
import type { InboxHead, NotificationView } from '../domain/notification/inbox.ts';
import type { Priority } from '../domain/priority.ts';
import type { Role, UserFacts } from '../domain/user/identity.ts';
import type { Page, UnreadRanges } from '../projections/queries/queries.ts';
import { type Application, type Caller, commandContext, type Done } from './application.ts';
import { backendsOf } from './backends.ts';
import { record } from './execute.ts';

/** The number of users of a role that are read, and notified, at a time. */
const RECIPIENTS_AT_ONCE = 200;

export interface SendNotificationInput {
  /** Either these users or everyone active with this role. */
  readonly to: { readonly userIds: readonly string[] } | { readonly role: Role };
  readonly type: string;
  readonly title: string;
  readonly message: string;
  readonly data?: Readonly<Record<string, unknown>>;
  readonly priority?: Priority;
}

/** Newest first. */
export async function listNotifications(
  application: Application,
  user: UserFacts,
  page: { unread?: boolean; cursor?: string; limit: number },
): Promise<Page<NotificationView>> {
  return backendsOf(application).queries.notifications(user, page);
}

/** The newest seq of a user's inbox, and how many are unread and unseen. */
export async function getInboxHead(application: Application, user: UserFacts): Promise<InboxHead> {
  return backendsOf(application).queries.inbox(user);
}

/** The notifications after a seq, in the order of seqs. */
export async function listNotificationsAfter(
  application: Application,
  user: UserFacts,
  seq: number,
  limit: number,
): Promise<readonly NotificationView[]> {
  return backendsOf(application).queries.notificationsAfter(user, seq, limit);
}

/** The unread notifications, as at most `limit` ranges of seqs: the newest ones. */
export async function getUnreadRanges(application: Application, user: UserFacts, limit: number): Promise<UnreadRanges> {
  return backendsOf(application).queries.unreadNotifications(user, limit);
}

/** Marks notifications of the caller as read; ids that are not theirs change nothing. */
export async function markNotificationsRead(
  application: Application,
  caller: Caller,
  ids: readonly string[],
): Promise<Done> {
  const command = { type: 'MarkNotificationsRead', ids } as const;
  return record(
    application,
    'user',
    caller.user.id,
    command,
    commandContext(application, caller, 'read', { input: ids }),
  );
}

/** Marks every notification of the caller as read, or those up to a seq. */
export async function markAllNotificationsRead(
  application: Application,
  caller: Caller,
  upToSeq?: number,
): Promise<Done> {
  const command = { type: 'MarkAllNotificationsRead', ...(upToSeq !== undefined && { upToSeq }) } as const;
  const context = commandContext(application, caller, 'read-all', { input: { upToSeq } });
  return record(application, 'user', caller.user.id, command, context);
}

/**
 * Marks the caller's inbox as seen, as a whole or up to a seq. A notification that arrives meanwhile stays unseen, so
 * the command names the seq up to which the inbox reaches now.
 */
export async function markInboxSeen(application: Application, caller: Caller, upToSeq?: number): Promise<Done> {
  await application.settle();
  const { seq } = await backendsOf(application).queries.inbox(caller.user);
  const command = { type: 'MarkInboxSeen', upToSeq: Math.min(upToSeq ?? seq, seq) } as const;
  const context = commandContext(application, caller, 'seen', { input: { upToSeq } });
  return record(application, 'user', caller.user.id, command, context);
}

/**
 * Sends a durable notification. Unknown users are refused before anything is sent. `position` is the newest of all.
 * Rejects with `forbidden` for anyone but services and admins.
 */
export async function sendNotification(
  application: Application,
  caller: Caller,
  input: SendNotificationInput,
): Promise<{ recipients: number; position: number }> {
  requirePermission(maySendNotification(caller.user), 'Only services and admins may send notifications');
  const { ifRevision: _, ...anyVersion } = caller;
  let recipients = 0;
  let position = 0;
  for await (const ids of 'role' in input.to
    ? usersOf(application, input.to.role)
    : knownUsers(application, input.to.userIds)) {
    const positions = await Promise.all(ids.map((id) => sendTo(application, anyVersion, id, input)));
    position = Math.max(position, ...positions);
    recipients += ids.length;
  }
  return { recipients, position };
}

async function sendTo(application: Application, caller: Caller, userId: string, input: SendNotificationInput) {
  const outcome = await record(
    application,
    'user',
    userId,
    {
      type: 'SendNotification',
      notificationType: input.type,
      title: input.title,
      message: input.message,
      data: input.data ?? {},
      priority: input.priority ?? 'medium',
    },
    commandContext(application, caller, 'notify', { input }),
  );
  return outcome.position;
}

async function* usersOf(application: Application, role: Role): AsyncGenerator<string[]> {
  let cursor: string | null = null;
  do {
    const page: { items: readonly { id: string }[]; nextCursor: string | null } = await backendsOf(
      application,
    ).queries.users({ role, active: true }, { limit: RECIPIENTS_AT_ONCE, ...(cursor !== null && { cursor }) });
    yield page.items.map((user) => user.id);
    cursor = page.nextCursor;
  } while (cursor !== null);
}

async function* knownUsers(application: Application, userIds: readonly string[]): AsyncGenerator<string[]> {
  const ids = [...new Set(userIds)];
  for (const [index, id] of ids.entries()) {
    const user = await application.directory.user(id);
    if (user === undefined) throw new DeskwireError('not_found', 'User not found', { field: `userIds.${index}` });
  }
  yield ids;
}
