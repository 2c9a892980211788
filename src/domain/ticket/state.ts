import type { Role } from '../user/identity.ts';
import type { TicketFields } from './fields.ts';

export interface TicketState extends TicketFields {
  /** The version of the newest event in the state, 0 before the first. */
  readonly version: number;
  readonly id: string;
  /** RFC 3339 UTC. */
  readonly createdAt: string;
  /** The time of the newest event that everybody on the ticket may see. A reading and an internal note do not count. */
  readonly updatedAt: string;
  readonly exists: boolean;
  readonly deleted: boolean;
  /**
   * By user id: the users who were added or posted. The requester and the assignee are not in it as such. Requesters
   * must not learn of authors of notes alone: `participantIdsOf` lists the others. Ids come from clients, so read with
   * `lookUp` of record.ts.
   */
  readonly participants: Readonly<Record<string, { readonly name: string; readonly role: Role }>>;
  /**
   * By user id: the participants who were added. Only this gives access. A posted message gives none, so access ends
   * with the relation that gave it.
   */
  readonly added: Readonly<Record<string, true>>;
  /** By user id: the participants who posted a public message. */
  readonly posted: Readonly<Record<string, true>>;
  /** By user id: the version up to which the user has read. Read it with `lookUp`. */
  readonly reads: Readonly<Record<string, number>>;
  /** The same, as far as requesters may know: internal notes, posted or read, move nothing here. */
  readonly publicReads: Readonly<Record<string, number>>;
  /** The versions of the events that only staff may see, in order. */
  readonly internalVersions: readonly number[];
  /** The number of events that changed the ticket. A reading and an internal note do not count. */
  readonly revision: number;
  /** The version of the newest message, 0 before the first. */
  readonly lastMessageVersion: number;
  /** The version of the newest event that is not a reading. A user who read up to it has read everything. */
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
