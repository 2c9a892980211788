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
   * By user id: everyone added, and everyone who posted; never the requester or assignee as such. Requesters must not
   * learn of those who only posted notes: `participantIdsOf` lists the others. Ids come from outside: read with
   * `lookUp` of record.ts.
   */
  readonly participants: Readonly<Record<string, { readonly name: string; readonly role: Role }>>;
  /**
   * Of the participants, by user id, those who were added. Only this gives access: having posted does not, so access
   * ends with the relation that gave it.
   */
  readonly added: Readonly<Record<string, true>>;
  /** Of the participants, by user id, those who posted a public message. */
  readonly posted: Readonly<Record<string, true>>;
  /** By user id: the version up to which they have read. Read with `lookUp`. */
  readonly reads: Readonly<Record<string, number>>;
  /** The same, as far as requesters may know: posting or reading internal notes moves nothing here. */
  readonly publicReads: Readonly<Record<string, number>>;
  /** The versions of the events that only staff may see, in order. */
  readonly internalVersions: readonly number[];
  /** The number of events that changed the ticket: neither somebody's reading nor an internal note. */
  readonly revision: number;
  /** The version of the newest message, 0 before the first. */
  readonly lastMessageVersion: number;
  /** The version of the newest event that is more than somebody's reading: whoever read that has read everything. */
  readonly lastReadableVersion: number;
  /** The same, of the events that requesters may see. */
  readonly lastPublicReadableVersion: number;
}

/** A ticket as a viewer sees it: its assignee and participants by id. `version` is in the viewer's numbering. */
export interface TicketRow
  extends Omit<TicketFields, 'assignee'>,
    Pick<TicketState, 'version' | 'id' | 'createdAt' | 'updatedAt' | 'revision'> {
  readonly assigneeId: string | null;
  readonly participantIds: readonly string[];
}
