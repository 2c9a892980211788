/**
 * What the application functions work with, and who they work for. The API and the gateway both call them, so that a
 * ticket opened or a message posted means the same whichever way it came in. They hold no rules of access: deciders
 * and `domain/access.ts` do.
 */
import type { CommandContext } from '../actors/actor-system.ts';
import type { Attachments } from '../attachments/attachments.ts';
import type { Directory } from '../directory/directory.ts';
import type { UserFacts } from '../domain/user/identity.ts';
import type { ProjectionWaiter } from '../projections/queries/queries.ts';
import type { Texts } from '../texts/texts.ts';
import { type Backends, type WithBackends, withBackends } from './backends.ts';
import { fingerprintOf } from './execute.ts';

export interface Application extends WithBackends {
  readonly directory: Directory;
  readonly attachments: Attachments;
  readonly texts: Texts;
  /** A new UUID. */
  readonly newId: () => string;
  /** Resolves true once every read model contains `position`; false when `timeoutMs` passed first. */
  readonly waitFor: ProjectionWaiter['waitFor'];
  /** Waits, bounded, until the read models show everything that this process has acknowledged. */
  readonly settle: () => Promise<void>;
}

const OWN_WRITES_MS = 1_000;

export interface ApplicationDeps extends Backends {
  readonly directory: Directory;
  readonly attachments: Attachments;
  readonly texts: Texts;
  readonly newId: () => string;
  readonly waiter: ProjectionWaiter;
  /** Position of the newest event that this process recorded. */
  readonly lastPosition: () => number;
}

export function createApplication(deps: ApplicationDeps): Application {
  const {
    actors,
    queries,
    history,
    requestKeys,
    nextTicketNumber,
    quotas,
    directory,
    attachments,
    texts,
    newId,
    waiter,
    lastPosition,
  } = deps;
  return {
    ...withBackends({ actors, queries, history, requestKeys, nextTicketNumber, quotas }),
    directory,
    attachments,
    texts,
    newId,
    waitFor: (position, timeoutMs) => waiter.waitFor(position, timeoutMs),
    async settle() {
      await waiter.waitFor(lastPosition(), OWN_WRITES_MS);
    },
  };
}

/** Who asks, from where, and how a repetition of the request is recognized. */
export interface Caller {
  readonly user: UserFacts;
  /** The client's own name for this command (`Idempotency-Key`); without it every call is a command of its own. */
  readonly key?: string;
  readonly correlationId: string;
  readonly address?: string;
  readonly traceparent?: string;
  /** Refuse with `precondition_failed` unless the stream has this revision. */
  readonly ifRevision?: number;
}

/** The outcome of a command, whatever stream it was for. */
export interface Done {
  /** Version of the stream after the command. */
  readonly version: number;
  /** Position of the last event recorded; 0 when there was nothing to record. */
  readonly position: number;
  readonly duplicate: boolean;
}

/** What makes two requests the same, beside who asks and what for. */
export interface Asked {
  /** Everything that the request asks for, but for secrets: a hash of it is recorded. */
  readonly input?: unknown;
  /** The client's own name for it, when that is not the caller's key; repetitions are then not compared. */
  readonly key?: string;
}

/**
 * The context of a command. Its id is built from the user, the use and the client's key, so that no user can take
 * another's id, nor one use of a key another's; the user id is escaped so that its characters cannot imitate that.
 */
export function commandContext(
  application: Application,
  caller: Caller,
  use: string,
  asked: Asked = {},
): CommandContext {
  const key = asked.key ?? caller.key;
  const compared = asked.key === undefined && caller.key !== undefined;
  return {
    commandId: `${escapeId(caller.user.id)}:${use}:${key ?? application.newId()}`,
    by: caller.user,
    correlationId: caller.correlationId,
    ...(compared && { fingerprint: fingerprintOf(asked.input) }),
    ...(caller.address !== undefined && { address: caller.address }),
    ...(caller.traceparent !== undefined && { traceparent: caller.traceparent }),
    ...(caller.ifRevision !== undefined && { ifRevision: caller.ifRevision }),
  };
}

function escapeId(id: string): string {
  return id.includes(':') || id.includes('%') ? encodeURIComponent(id) : id;
}
