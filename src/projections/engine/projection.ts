/**
 * What a projection is: a name, a version, its tables, and a function from a batch of events to writes.
 *
 * The tables live in a schema of their own, which is given: a rebuild fills another schema beside the one that serves.
 * The DDL names nothing outside its schema and runs with it as search path. Beside its tables it defines one function,
 * `write(json, …)`, that stores what `fold` made of a batch: the whole batch and the checkpoint are then one statement,
 * one round trip and one commit, and no transaction is ever left open between two of them.
 */
import type { RecordedEvent } from '../../domain/event.ts';
import type { InboxSignal } from '../../domain/notification/inbox.ts';

export interface Projection {
  readonly name: string;
  /** Raised when tables or meaning change: what an older version built is built anew. */
  readonly version: number;
  /** Creates the tables and `write` in the (empty) schema that is the search path. */
  readonly ddl: string;
  /**
   * Indexes that only readers need, or `write` for little: a rebuild makes them once the tables are filled. Each
   * `if not exists`, because a rebuild may be interrupted after it made them.
   */
  readonly indexes?: string;
  /** A handler with empty memory, for a runner that just became active or that has to start over. */
  start(context: ProjectionContext): ProjectionHandler;
}

export interface ProjectionContext {
  readonly schema: string;
  /** Tells a user's devices; absent in a rebuild, which must repeat no side effect. */
  readonly publishInbox?: (userId: string, signal: InboxSignal) => void;
}

/** Rows of one statement, on the runner's own connection, whose search path is the projection's schema. */
export type Query = (name: string, text: string, values: readonly unknown[]) => Promise<readonly unknown[]>;

export interface ProjectionHandler {
  /** Reads what `fold` will need and memory lacks. Fails only when the database does. */
  prefetch?(events: readonly RecordedEvent[], query: Query): Promise<void>;
  /**
   * Folds events in position order into writes; undefined when none of them concerns the projection. It may change its
   * memory at once: when the batch does not commit, the handler is dropped with it. Throws when it cannot handle an event.
   */
  fold(events: readonly RecordedEvent[]): Writes | undefined;
}

export interface Writes {
  /** The arguments of `write`, each sent as JSON. */
  readonly payload: readonly unknown[];
  /** Called after the commit, with what `write` returned. */
  committed?(result: unknown): void;
}
