/** The inbox of a user: list, mark as read or seen, and send notifications. */
import { maySendNotification, requirePermission } from '../domain/access.ts';
import { DeskwireError } from '../domain/errors.ts';
import type { InboxHead, NotificationView, UnreadRanges, WordedNotification } from '../domain/notification/inbox.ts';
import type { Priority } from '../domain/priority.ts';
import type { Role, UserFacts } from '../domain/user/identity.ts';
import type { Page } from '../projections/queries/queries.ts';
import { type Application, type Caller, commandContext, type Done } from './application.ts';
import { backendsOf } from './backends.ts';
import { record } from './execute.ts';
import { bytesOf, requireFanOut } from './fan-out.ts';

/** The number of users of a role that are read at a time, and of recipients that are notified at a time. */
const RECIPIENTS_AT_ONCE = 200;
/** The number of bytes of JSON that are on their way to the log at a time, for one request. */
const BYTES_AT_ONCE = 2 * 1024 * 1024;
/** A notification of at most this many bytes of JSON may go to any number of users of a role. */
const SMALL_BYTES = 16 * 1024;

export interface SendNotificationInput {
  /** Either these users or everyone active with this role. */
  readonly to: { readonly userIds: readonly string[] } | { readonly role: Role };
  readonly type: string;
  readonly title: string;
  readonly message: string;
  readonly data?: Readonly<Record<string, unknown>>;
  readonly priority?: Priority;
}

/** Newest first, in the user's language. */
export async function listNotifications(
  application: Application,
  user: UserFacts,
  page: { unread?: boolean; cursor?: string; limit: number },
): Promise<Page<WordedNotification>> {
  const { items, nextCursor } = await backendsOf(application).queries.notifications(user, page);
  return { items: items.map((one) => application.texts.word(one, user.locale)), nextCursor };
}

/** The newest seq of a user's inbox, and how many are unread and unseen. */
export async function getInboxHead(application: Application, user: UserFacts): Promise<InboxHead> {
  return backendsOf(application).queries.inbox(user);
}

/** The notifications after a seq, in the order of seqs, not in words yet. */
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
 * Sends a durable notification, to a number of recipients at a time. Unknown users, and one that is too large for so
 * many recipients, are refused before anything is sent. `position` is the newest of all. Rejects with `forbidden` for
 * anyone but services and admins.
 */
export async function sendNotification(
  application: Application,
  caller: Caller,
  input: SendNotificationInput,
): Promise<{ recipients: number; position: number }> {
  requirePermission(maySendNotification(caller.user), 'Only services and admins may send notifications');
  const { ifRevision: _, ...anyVersion } = caller;
  const { title, message, data = {} } = input;
  const bytes = bytesOf({ title, message, data });
  const recipients = await recipientsOf(application, input.to, {
    require: (count) => {
      if (bytes > SMALL_BYTES) requireFanOut({ title, message, data }, count);
    },
  });
  const atOnce = Math.max(1, Math.min(RECIPIENTS_AT_ONCE, Math.floor(BYTES_AT_ONCE / bytes)));
  let position = 0;
  for (let sent = 0; sent < recipients.length; sent += atOnce) {
    const piece = recipients.slice(sent, sent + atOnce);
    const positions = await Promise.all(piece.map((id) => sendTo(application, anyVersion, id, input)));
    position = Math.max(position, ...positions);
  }
  return { recipients: recipients.length, position };
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

/** The ids of the recipients. `require` is called with their number as it grows, and throws when it is too large. */
async function recipientsOf(
  application: Application,
  to: SendNotificationInput['to'],
  { require }: { require(count: number): void },
): Promise<string[]> {
  if ('userIds' in to) {
    const ids = [...new Set(to.userIds)];
    require(ids.length);
    await requireKnownUsers(application, to.userIds);
    return ids;
  }
  const ids: string[] = [];
  for await (const some of usersOf(application, to.role)) {
    ids.push(...some);
    require(ids.length);
  }
  return ids;
}

async function requireKnownUsers(application: Application, userIds: readonly string[]): Promise<void> {
  for (const [index, id] of userIds.entries()) {
    const user = await application.directory.user(id);
    if (user === undefined) throw new DeskwireError('not_found', 'User not found', { field: `userIds.${index}` });
  }
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
