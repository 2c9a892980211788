/**
 * A projection: a name, a version, its tables, and a function from a batch of events to writes.
 *
 * The tables live in a schema of their own. The caller chooses the schema, because a rebuild fills another schema
 * beside the one that serves. The DDL names no object outside its schema and runs with the schema as search path.
 * Beside the tables it defines one function, `write(json, …)`, that stores the writes of a batch. So one statement
 * writes the batch and moves the checkpoint: one round trip, one commit, and no transaction that stays open between two
 * statements.
 */
import type { RecordedEvent } from '../../domain/event.ts';
import type { InboxSignal } from '../../domain/notification/inbox.ts';

export interface Projection {
  readonly name: string;
  /** Raised when the tables or their meaning change. A new version is built from the log beside the older one. */
  readonly version: number;
  /** Creates the tables and `write` in the (empty) schema that is the search path. */
  readonly ddl: string;
  /**
   * Statements for the indexes that filling the tables does not need. A rebuild creates them after it filled the
   * tables. Each says `if not exists`, because a rebuild may be interrupted after it created them.
   */
  readonly indexes?: string;
  /** Creates a handler with empty memory, for a runner that just became active or that has to start over. */
  start(context: ProjectionContext): ProjectionHandler;
}

export interface ProjectionContext {
  readonly schema: string;
  /** Publishes to a user's devices. Absent in a rebuild, which must repeat no side effect. */
  readonly publishInbox?: (userId: string, signal: InboxSignal) => void;
}

/**
 * Runs one statement on the runner's own connection, whose search path is the projection's schema. Returns the rows.
 */
export type Query = (name: string, text: string, values: readonly unknown[]) => Promise<readonly unknown[]>;

export interface ProjectionHandler {
  /** Reads the rows that `fold` needs and memory lacks. Rejects only when the database fails. */
  prefetch?(events: readonly RecordedEvent[], query: Query): Promise<void>;
  /**
   * Folds events in position order into writes. Returns undefined when none of them concerns the projection. It may
   * change its memory at once, because a handler is dropped when its batch does not commit. Throws when it cannot
   * handle an event.
   */
  fold(events: readonly RecordedEvent[]): Writes | undefined;
}

export interface Writes {
  /** The arguments of `write`, each sent as JSON. */
  readonly payload: readonly unknown[];
  /** Called after the commit, with the result of `write`. */
  committed?(result: unknown): void;
}
