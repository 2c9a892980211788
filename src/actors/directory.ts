/**
 * Users and references by id, cached in memory and kept current by their live events: what access decisions, the
 * gateway and the API look up for nearly every request.
 */
import type { TicketRelations } from '../domain/access.ts';
import type { ReferenceState } from '../domain/reference/decider.ts';
import type { ReferenceType } from '../domain/reference/events.ts';
import type { UserFacts } from '../domain/user/identity.ts';

export interface Directory {
  /** Undefined when nobody is registered under this id; deactivated users are returned with `active: false`. */
  user(id: string): UserFacts | undefined | Promise<UserFacts | undefined>;
  reference(type: ReferenceType, id: string): ReferenceState | undefined | Promise<ReferenceState | undefined>;
  /** The relations that a ticket has through its references. */
  relations(ticket: {
    readonly grnId: string | null;
    readonly dispatchId: string | null;
  }): TicketRelations | Promise<TicketRelations>;
  /** Calls `listener` after a user or a reference changed and the cache shows it. */
  onChanged(listener: (change: { kind: 'user' | 'reference'; id: string }) => void): () => void;
  close(): void;
}
