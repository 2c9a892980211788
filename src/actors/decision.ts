/**
 * One pass over the commands of a mailbox. Each command is decided on the state that the commands before it would
 * leave. The events of all of them become one append. A pass answers no command: after a conflict it is repeated on a
 * newer state.
 */
import { DeskwireError } from '../domain/errors.ts';
import type { EventMetadata, NewEvent, RecordedEvent, Stream } from '../domain/event.ts';
import type { Folded, Logic } from './activation.ts';
import type { CommandContext } from './actor-system.ts';
import type { PendingCommand } from './mailbox.ts';

/** Facts that a decision needs beside command, state and author; looked up for each decision. */
export type Facts = object;
export type FactsOf = (state: unknown) => Facts | Promise<Facts>;

export interface DecisionDeps {
  /** Unix time in milliseconds. */
  readonly now: () => number;
  /** A new UUID of version 7. */
  readonly newId: () => string;
}

export interface Decided {
  readonly pending: PendingCommand;
  /** The number of the pass's events that belong to this command. */
  readonly events: number;
  /** Thrown by the decision: a refusal (DeskwireError), or a fault. */
  readonly error: unknown;
}

export interface Pass {
  /** In the order of the commands. */
  readonly decided: readonly Decided[];
  readonly events: readonly NewEvent[];
}

/** Asynchronous only because facts may be: facts that are no promise are used in the same turn. */
export async function decideAll(
  commands: readonly PendingCommand[],
  base: Folded,
  stream: Stream,
  logic: Logic,
  factsOf: FactsOf | undefined,
  deps: DecisionDeps,
): Promise<Pass> {
  const decided: Decided[] = [];
  const events: NewEvent[] = [];
  const last = commands.at(-1);
  let { state, version } = base;
  let time: string | undefined;

  for (const pending of commands) {
    try {
      const found = factsOf?.(state);
      const facts = found instanceof Promise ? await found.catch(factsMissing) : found;
      const own = decideOne(pending, { state, version }, logic, facts, deps);
      if (own.length > 0 && pending !== last) {
        time ??= new Date(deps.now()).toISOString();
        state = evolveProvisionally(logic, { state, version }, own, stream, time);
      }
      version += own.length;
      for (const event of own) events.push(event);
      decided.push({ pending, events: own.length, error: undefined });
    } catch (error) {
      decided.push({ pending, events: 0, error });
    }
  }
  return { decided, events };
}

function decideOne(
  { command, context }: PendingCommand,
  current: Folded,
  logic: Logic,
  facts: Facts | undefined,
  deps: DecisionDeps,
): readonly NewEvent[] {
  if (context.notAfter !== undefined && deps.now() > context.notAfter) {
    throw new DeskwireError('unavailable', 'This took too long; trying again is safe', { retryAfter: 1 });
  }
  const decision = logic.decide(command, current.state, { ...facts, by: context.by });
  // After the decision: a user who may not see the stream must not learn from its version that it exists.
  const revision = logic.revisionOf?.(current.state) ?? current.version;
  if (context.ifRevision !== undefined && context.ifRevision !== revision) {
    throw new DeskwireError('precondition_failed', `The ETag is "${revision}", not "${context.ifRevision}"`);
  }
  if (decision.length === 0) return [];
  const metadata = metadataOf(context);
  return decision.map((event) => ({ ...event, id: deps.newId(), metadata }));
}

/** The state after `events`, as if recorded. Only the log knows their position and exact time. */
function evolveProvisionally(
  logic: Logic,
  from: Folded,
  events: readonly NewEvent[],
  stream: Stream,
  time: string,
): unknown {
  let { state, version } = from;
  for (const event of events) {
    version++;
    const provisional: RecordedEvent = { ...event, position: 0, stream, version, time };
    state = logic.evolve(state, provisional);
  }
  return state;
}

function metadataOf(context: CommandContext): EventMetadata {
  const { commandId, by, correlationId, fingerprint, address, traceparent } = context;
  return {
    commandId,
    actor: { id: by.id, name: by.name, role: by.role },
    correlationId,
    ...(fingerprint !== undefined && { fingerprint }),
    ...(address !== undefined && { address }),
    ...(traceparent !== undefined && { traceparent }),
  };
}

/**
 * True of refusals, and of commands that would change nothing. Both answers are wrong if the state is stale or the log
 * has the command.
 */
export function mustBeCertain({ error, events }: Decided): boolean {
  if (error === undefined) return events === 0;
  return error instanceof DeskwireError && error.code !== 'unavailable';
}

function factsMissing(cause: unknown): never {
  if (cause instanceof DeskwireError) throw cause;
  throw new DeskwireError('unavailable', 'What the decision depends on cannot be read now', { retryAfter: 1, cause });
}
