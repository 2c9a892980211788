/**
 * One pass over the commands of a mailbox: each is decided over the state that the ones before it would leave, and all
 * their events become one append. Nothing is answered here: a pass may be thrown away and repeated on a newer state.
 */
import { DeskwireError } from '../domain/errors.ts';
import type { EventMetadata, NewEvent, RecordedEvent, Stream } from '../domain/event.ts';
import type { Folded, Logic } from './activation.ts';
import type { CommandContext } from './actor-system.ts';
import type { PendingCommand } from './mailbox.ts';

/** What a decision needs beside command, state and author, looked up at the moment of the decision. */
export type Facts = object;
export type FactsOf = (state: unknown) => Facts | Promise<Facts>;

export interface DecisionServices {
  /** Unix time in milliseconds. */
  readonly now: () => number;
  /** A new UUID, in the order of time. */
  readonly newId: () => string;
}

export interface Decided {
  readonly pending: PendingCommand;
  /** How many of the pass's events are this command's. */
  readonly events: number;
  /** What the decision threw: a refusal, or what broke. */
  readonly error: unknown;
}

export interface Pass {
  /** In the order of the commands. */
  readonly decided: readonly Decided[];
  readonly events: readonly NewEvent[];
}

/** A promise only so that facts can be waited for: facts that are there at once are used at once. */
export async function decideAll(
  commands: readonly PendingCommand[],
  base: Folded,
  stream: Stream,
  logic: Logic,
  factsOf: FactsOf | undefined,
  services: DecisionServices,
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
      const own = decideOne(pending, { state, version }, logic, facts, services);
      if (own.length > 0 && pending !== last) {
        time ??= new Date(services.now()).toISOString();
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
  services: DecisionServices,
): readonly NewEvent[] {
  if (context.notAfter !== undefined && services.now() > context.notAfter) {
    throw new DeskwireError('unavailable', 'This took too long; trying again is safe', { retryAfter: 1 });
  }
  const decision = logic.decide(command, current.state, { ...facts, by: context.by });
  // After the decision: whoever may not know that the stream exists must not learn it from its version.
  if (context.ifVersion !== undefined && context.ifVersion !== current.version) {
    throw new DeskwireError('precondition_failed', `The version is ${current.version}, not ${context.ifVersion}`);
  }
  if (decision.length === 0) return [];
  const metadata = metadataOf(context);
  return decision.map((event) => ({ ...event, id: services.newId(), metadata }));
}

/** As the log would record them, but for what only the log knows: their position, and their exact time. */
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

function factsMissing(cause: unknown): never {
  if (cause instanceof DeskwireError) throw cause;
  throw new DeskwireError('unavailable', 'What the decision depends on cannot be read now', { retryAfter: 1, cause });
}
