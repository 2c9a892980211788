/**
 * The view epoch: the epoch that clients receive. It names the history in which the versions beside it count: the log's
 * epoch, and whether internal notes are included, because a user who becomes staff, or stops being staff, sees another
 * history. That of an inbox also has the number of notifications that left it, because a client that was away then
 * still holds them. It is opaque to clients. A client that sends it back tells which history it has.
 */
import { isStaff, type UserFacts } from '../domain/user/identity.ts';

export interface Seen {
  /** Of the log. */
  readonly epoch?: string;
  /** Whether internal notes were included; unknown when only the log's epoch was told. */
  readonly internal?: boolean;
  /** The number of notifications that had left the inbox; only in the epoch of an inbox. */
  readonly removed?: number;
}

export function viewEpoch(logEpoch: string, user: UserFacts): string {
  return `${logEpoch}.${isStaff(user.role) ? 'staff' : 'public'}`;
}

/** `viewEpoch`: that of the inbox's user. */
export function inboxEpoch(viewEpoch: string, removed: number): string {
  return `${viewEpoch}.${removed}`;
}

export function seenIn(shown: string | undefined): Seen {
  if (shown === undefined) return {};
  const [, epoch, view, removed] = /^(.*)\.(staff|public)(?:\.(\d{1,15}))?$/s.exec(shown) ?? [];
  if (epoch === undefined) return { epoch: shown };
  return { epoch, internal: view === 'staff', ...(removed !== undefined && { removed: Number(removed) }) };
}

/** Whether the epoch that a client sent names another history of the log. Clients may send either kind of epoch. */
export function isOtherEpoch(shown: string | undefined, logEpoch: string): boolean {
  const { epoch } = seenIn(shown);
  return epoch !== undefined && epoch !== logEpoch;
}
