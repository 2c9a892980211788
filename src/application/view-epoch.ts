/**
 * The view epoch: the epoch that clients receive. It names the history in which the versions beside it count: the log's
 * epoch, and whether internal notes are included, because a user who becomes staff, or stops being staff, sees another
 * history. It is opaque to clients. A client that sends it back tells which history it has.
 */
import { isStaff, type UserFacts } from '../domain/user/identity.ts';

export interface Seen {
  /** Of the log. */
  readonly epoch?: string;
  /** Whether internal notes were included; unknown when only the log's epoch was told. */
  readonly internal?: boolean;
}

export function viewEpoch(logEpoch: string, user: UserFacts): string {
  return `${logEpoch}.${isStaff(user.role) ? 'staff' : 'public'}`;
}

export function seenIn(shown: string | undefined): Seen {
  if (shown === undefined) return {};
  const [, epoch, view] = /^(.*)\.(staff|public)$/s.exec(shown) ?? [];
  return epoch === undefined ? { epoch: shown } : { epoch, internal: view === 'staff' };
}

/** Whether the epoch that a client sent names another history of the log. Clients may send either kind of epoch. */
export function isOtherEpoch(shown: string | undefined, logEpoch: string): boolean {
  const { epoch } = seenIn(shown);
  return epoch !== undefined && epoch !== logEpoch;
}
