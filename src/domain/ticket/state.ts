import type { Role } from '../user/identity.ts';
import type { TicketFields } from './fields.ts';

export interface TicketState extends TicketFields {
  /** The version of the newest event folded in, 0 before the first. */
  readonly version: number;
  readonly id: string;
  /** RFC 3339 UTC. */
  readonly createdAt: string;
  /** Time of the newest event that everyone on the ticket may see; reading is no update, nor is an internal note. */
  readonly updatedAt: string;
  readonly exists: boolean;
  readonly deleted: boolean;
  /**
   * By user id: everyone added, and everyone who posted; never the requester or assignee as such. Ids come from
   * outside: read with `lookUp` of record.ts.
   */
  readonly participants: Readonly<Record<string, { readonly name: string; readonly role: Role }>>;
  /** By user id: the version up to which they have read. Read with `lookUp`. */
  readonly reads: Readonly<Record<string, number>>;
  /** The version of the newest message, 0 before the first. */
  readonly lastMessageVersion: number;
  /** The version of the newest event that is more than somebody's reading: whoever read that has read everything. */
  readonly lastReadableVersion: number;
}

/** A ticket as a read model shows it: its assignee and participants by id. */
export interface TicketRow
  extends Omit<TicketFields, 'assignee'>,
    Pick<TicketState, 'version' | 'id' | 'createdAt' | 'updatedAt'> {
  readonly assigneeId: string | null;
  readonly participantIds: readonly string[];
}
