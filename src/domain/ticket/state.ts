/** A ticket as its events add up to it. Plain JSON: it is kept as a snapshot. */
import type { Priority } from '../priority.ts';
import type { Role } from '../user/identity.ts';
import type { Category, Status } from './events.ts';

/** The fields that a ticket shows as they are; a row of the read model has the same. */
export interface TicketFields {
  /** The version of the newest event folded in, 0 before the first. */
  readonly version: number;
  readonly id: string;
  readonly number: number;
  readonly requesterId: string;
  readonly requesterName: string;
  readonly description: string;
  readonly status: Status;
  readonly category: Category;
  readonly priority: Priority;
  readonly stationId: string | null;
  readonly stationName: string | null;
  readonly grnId: string | null;
  readonly dispatchId: string | null;
  readonly tags: readonly string[];
  /** RFC 3339 UTC. */
  readonly createdAt: string;
  /** Time of the newest event that everyone on the ticket may see; reading is no update, nor is an internal note. */
  readonly updatedAt: string;
}

export interface TicketState extends TicketFields {
  readonly exists: boolean;
  readonly deleted: boolean;
  readonly assignee: { readonly id: string; readonly name: string } | null;
  /**
   * By user id: everyone added, and everyone who posted; never the requester or assignee as such. Ids come from outside:
   * read with `lookUp` of record.ts.
   */
  readonly participants: Readonly<Record<string, { readonly name: string; readonly role: Role }>>;
  /** By user id: the version up to which they have read. Read with `lookUp`. */
  readonly reads: Readonly<Record<string, number>>;
  /** The version of the newest message, 0 before the first. */
  readonly lastMessageVersion: number;
  /** The version of the newest event that is more than somebody's reading: whoever read that has read everything. */
  readonly lastReadableVersion: number;
}
