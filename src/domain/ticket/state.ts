/** A ticket as its events add up to it. Plain JSON: it is kept as a snapshot. */
import type { Role } from '../user/identity.ts';
import type { Category, Priority, Status } from './events.ts';

export interface TicketState {
  readonly exists: boolean;
  readonly deleted: boolean;
  readonly id: string;
  readonly number: number;
  readonly requesterId: string;
  readonly requesterName: string;
  readonly description: string;
  readonly status: Status;
  readonly category: Category;
  readonly priority: Priority;
  readonly assignee: { readonly id: string; readonly name: string } | null;
  readonly stationId: string | null;
  readonly stationName: string | null;
  readonly grnId: string | null;
  readonly dispatchId: string | null;
  readonly tags: readonly string[];
  /** By user id: everyone added, and everyone who posted; never the requester or assignee as such. */
  readonly participants: Readonly<Record<string, { readonly name: string; readonly role: Role }>>;
  /** By user id: the version up to which they have read. */
  readonly reads: Readonly<Record<string, number>>;
  /** The version of the newest message, 0 before the first. */
  readonly lastMessageVersion: number;
  /** RFC 3339 UTC. */
  readonly createdAt: string;
  readonly updatedAt: string;
}
