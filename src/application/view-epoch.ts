/**
 * The epoch as clients are shown it: it says in which history the versions beside it count. That is the log's epoch, and
 * whether internal notes are included, because somebody who becomes staff, or no longer is, has another history before them
 * than they had. Opaque to clients; whoever shows it again says what they saw.
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
