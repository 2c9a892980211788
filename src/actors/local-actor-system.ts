/**
 * Every actor in this process. It owns them: activates them on their first command, and passivates those that have
 * nothing to do, the longest unused first, when there are too many or they were idle too long. Bounds what waits, so
 * that overload is an answer (`unavailable`) and not a growing heap.
 */
import { DeskwireError } from '../domain/errors.ts';
import { type Stream, streamOf } from '../domain/event.ts';
import type { Appender, EventReader } from '../eventlog/event-log.ts';
import { createActivation, type Logic, SHORT_STREAM } from './activation.ts';
import { Actor, type ActorKindLogic, type ActorServices } from './actor.ts';
import type {
  ActorKind,
  ActorKinds,
  ActorSystem,
  CommandContext,
  CommandOutcome,
  ContextOf,
  Deciders,
} from './actor-system.ts';
import type { FactsOf } from './decision.ts';
import { isKey } from './key.ts';
import type { Log } from './log.ts';
import { createLogReads } from './log-reads.ts';
import { type Outcome, PendingCommand } from './mailbox.ts';
import { createSnapshotWriter } from './snapshot-writer.ts';
import type { SnapshotStore } from './snapshots.ts';

export interface ActorLimits {
  /** Actors active at a time; more while more have something to do. */
  readonly actors: number;
  /** Commands and activations in this process that wait for their answer. */
  readonly inFlight: number;
  /** Commands that wait in one mailbox. */
  readonly mailbox: number;
  /** Milliseconds without use after which an actor is passivated. */
  readonly idle: number;
  /** Versions from one snapshot of a stream to the next. */
  readonly snapshotEvery: number;
  /** Rounds that an actor may lose to other writers before it gives its commands up. */
  readonly tries: number;
  /** Commands whose outcome each actor remembers, to answer retries without asking the log. */
  readonly recentCommands: number;
}

export const DEFAULT_ACTOR_LIMITS: ActorLimits = {
  actors: 10_000,
  inFlight: 20_000,
  mailbox: 1_000,
  idle: 5 * 60_000,
  snapshotEvery: 200,
  tries: 16,
  recentCommands: 16,
};

export interface ActorSystemDependencies {
  readonly appender: Pick<Appender, 'append'>;
  readonly reader: Pick<EventReader, 'readStreams' | 'readVersions' | 'readCommands'>;
  readonly snapshots: SnapshotStore;
  readonly deciders: Deciders;
  readonly contextOf: ContextOf;
  /** Unix time in milliseconds. */
  readonly now: () => number;
  /** A new UUIDv7. */
  readonly newId: () => string;
  readonly log: Log;
  readonly limits?: Partial<ActorLimits>;
  /** A command was refused because as many as may wait do, in its mailbox or in all of them. */
  readonly onRefused?: (bound: 'commands' | 'mailbox') => void;
}

/** Actors looked at to make room for one: those that are busy count, and are looked at last the next time. */
const SCANNED = 64;

export interface LocalActorSystem extends ActorSystem {
  /** Actors in memory now. */
  readonly active: number;
  /**
   * Drops every state, and every outcome remembered for retries: history was replaced (a new epoch). Commands in work are
   * decided again, on what is recorded now, unless their events are on their way to the log.
   */
  forget(): void;
}

export function createActorSystem(dependencies: ActorSystemDependencies): LocalActorSystem {
  const { now, log } = dependencies;
  const limits = { ...DEFAULT_ACTOR_LIMITS, ...dependencies.limits };
  const logics = logicsOf(dependencies.deciders, dependencies.contextOf);
  const reads = createLogReads(dependencies.reader);
  const snapshots = createSnapshotWriter(dependencies.snapshots, log);
  /** The longest unused first. */
  const actors = new Map<Stream, Actor>();
  let inFlight = 0;
  let drained: PromiseWithResolvers<void> | undefined;

  const services: ActorServices = {
    appender: dependencies.appender,
    activation: createActivation({ reads, snapshots: dependencies.snapshots, log }),
    reads,
    snapshots,
    log,
    now,
    newId: dependencies.newId,
    onIdle,
    onMailboxFull: () => dependencies.onRefused?.('mailbox'),
    limits,
  };

  function actorOf(kind: ActorKind, id: string): Actor {
    const stream = streamOf(kind, id);
    let actor = actors.get(stream);
    if (actor === undefined) {
      checkKey(id, 'id');
      actor = new Actor(stream, logics[kind], services);
      makeRoom();
    }
    touch(actor);
    actor.lastUsed = now();
    return actor;
  }

  function makeRoom(): void {
    for (const actor of actors.values().take(SCANNED)) {
      if (actors.size < limits.actors) return;
      if (!actor.busy) passivate(actor);
      else touch(actor);
    }
  }

  function touch(actor: Actor): void {
    actors.delete(actor.stream);
    actors.set(actor.stream, actor);
  }

  /** What was folded from few events is as quickly folded again. */
  function passivate(actor: Actor): void {
    actor.snapshot(SHORT_STREAM);
    actors.delete(actor.stream);
  }

  function onIdle(actor: Actor): void {
    // Of streams that do not exist, and of those whose append failed, there is nothing to keep.
    const nothing = (actor.current?.version ?? 0) === 0;
    if (nothing && !actor.busy && actors.get(actor.stream) === actor) actors.delete(actor.stream);
  }

  function passivateIdle(): void {
    const before = now() - limits.idle;
    for (const actor of actors.values()) {
      if (actor.lastUsed <= before && !actor.busy) passivate(actor);
    }
  }

  function checkAdmission(): void {
    if (drained !== undefined) throw new DeskwireError('unavailable', 'Shutting down', { retryAfter: 1 });
    if (inFlight < limits.inFlight) return;
    dependencies.onRefused?.('commands');
    throw new DeskwireError('unavailable', 'Too many commands', { retryAfter: 1 });
  }

  function leave(): void {
    inFlight--;
    if (inFlight === 0) drained?.resolve();
  }

  function execute<K extends ActorKind>(
    kind: K,
    id: string,
    command: ActorKinds[K]['command'],
    context: CommandContext,
  ): Promise<CommandOutcome<K>> {
    return new Promise((resolve, reject) => {
      checkAdmission();
      checkKey(context.commandId, 'commandId');
      const actor = actorOf(kind, id);
      inFlight++;
      // The actor of a kind answers with states of that kind.
      const resolveErased = resolve as (outcome: Outcome) => void;
      actor.submit(new PendingCommand(command, context, resolveErased, reject, leave));
    });
  }

  const sweep = setInterval(passivateIdle, Math.max(1, limits.idle / 4));
  sweep.unref();

  return {
    get active() {
      return actors.size;
    },
    execute,
    record: execute,

    async read<K extends ActorKind>(kind: K, id: string) {
      checkAdmission();
      const actor = actorOf(kind, id);
      inFlight++;
      try {
        return (await actor.read()) as { state: ActorKinds[K]['state']; version: number };
      } finally {
        leave();
      }
    },

    forget() {
      snapshots.forget();
      for (const actor of actors.values()) {
        actor.forget();
        if (!actor.busy) actors.delete(actor.stream);
      }
    },

    async close() {
      drained ??= Promise.withResolvers<void>();
      clearInterval(sweep);
      if (inFlight === 0) drained.resolve();
      await drained.promise;
      for (const actor of actors.values()) passivate(actor);
      await snapshots.flush();
    },
  };
}

function logicsOf(deciders: Deciders, contextOf: ContextOf): Readonly<Record<ActorKind, ActorKindLogic>> {
  const logic = (decider: Logic, factsOf?: FactsOf): ActorKindLogic => ({
    stateVersion: decider.stateVersion,
    initialState: () => decider.initialState(),
    decide: (command, state, context) => decider.decide(command, state, context),
    evolve: (state, event) => decider.evolve(state, event),
    factsOf,
  });
  return {
    ticket: logic(deciders.ticket, contextOf.ticket as FactsOf),
    user: logic(deciders.user),
    room: logic(deciders.room),
    reference: logic(deciders.reference),
  };
}

function checkKey(key: string, field: string): void {
  if (isKey(key)) return;
  throw new DeskwireError('invalid_payload', `The ${field} is empty, too long or malformed`, { field });
}
