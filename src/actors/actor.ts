/**
 * One stream, active in this process: a mailbox, and the rounds that decide what it holds.
 *
 *   idle ──submit──▶ working: (activate if needed) ▶ take the mailbox ▶ decide ▶ append ▶ answer ─┐
 *    ▲                           ▲                                                                │
 *    └────── mailbox empty ──────┴───────────────── mailbox not empty ◀───────────────────────────┘
 *
 * - A round decides the whole mailbox and records it in one append. Commands that arrive meanwhile wait for the next.
 * - The state holds recorded events only. After a conflict the actor catches up with the log and decides again.
 * - A command is refused, or answered as "nothing to change", only on a current state and only if the log does not have
 *   the command. If the round recorded something, the append has proven the state; otherwise the actor asks the log.
 * - When it is unknown whether an append happened, the state is dropped and read again for the next round.
 * - When history was replaced, the state is dropped and everything that was read before is ignored (`forget`).
 */
import { DeskwireError } from '../domain/errors.ts';
import type { RecordedEvent, Stream } from '../domain/event.ts';
import type { Appender } from '../eventlog/event-log.ts';
import { type Activated, type Activation, type Folded, foldEvents, type Logic } from './activation.ts';
import { type DecisionDeps, decideAll, type FactsOf, mustBeCertain, type Pass } from './decision.ts';
import type { Log } from './log.ts';
import type { LogReads } from './log-reads.ts';
import { type Outcome, outcomeOf, type PendingCommand, withoutTwins } from './mailbox.ts';
import type { SnapshotWriter } from './snapshot-writer.ts';
import { StreamState } from './stream-state.ts';

/** All actors of a process share these. */
export interface ActorDeps extends DecisionDeps {
  readonly appender: Pick<Appender, 'append'>;
  readonly activation: Activation;
  readonly snapshots: SnapshotWriter;
  readonly log: Log;
  readonly reads: Pick<LogReads, 'versionOf' | 'recordedBy'>;
  /** Called when an actor has nothing more to do. */
  readonly onIdle: (actor: Actor) => void;
  /** Called when a command is refused because its mailbox is full. */
  readonly onMailboxFull: () => void;
  readonly limits: {
    /** Commands that may wait in one mailbox. */
    readonly mailbox: number;
    /** Conflicts with other writers after which the commands of a round are refused. */
    readonly tries: number;
    /** Commands whose outcome an actor remembers, to answer retries without a question to the log. */
    readonly recentCommands: number;
    /** Versions from one snapshot to the next. */
    readonly snapshotEvery: number;
  };
}

/** The kind of an actor: how it decides. */
export interface ActorKindLogic extends Logic {
  readonly factsOf: FactsOf | undefined;
}

export class Actor {
  readonly stream: Stream;
  /** Unix time in milliseconds; the owner of the actor sets it. */
  lastUsed = 0;
  readonly #logic: ActorKindLogic;
  readonly #deps: ActorDeps;
  readonly #state: StreamState;
  readonly #recent = new Map<string, readonly RecordedEvent[]>();
  #mailbox: PendingCommand[] = [];
  #working = false;

  constructor(stream: Stream, logic: ActorKindLogic, deps: ActorDeps) {
    this.stream = stream;
    this.#logic = logic;
    this.#deps = deps;
    this.#state = new StreamState({
      stream,
      logic,
      activation: deps.activation,
      onActivated: () => {
        if (!this.#working) deps.onIdle(this);
      },
    });
  }

  /** An actor that is busy must not be passivated. */
  get busy(): boolean {
    return this.#working || this.#state.activating;
  }

  /** Undefined before activation, and after an append with an unknown outcome. */
  get current(): Activated | undefined {
    return this.#state.current;
  }

  submit(pending: PendingCommand): void {
    if (this.#mailbox.length >= this.#deps.limits.mailbox) {
      this.#deps.onMailboxFull();
      pending.refuse(new DeskwireError('unavailable', 'Too many commands wait for this stream', { retryAfter: 1 }));
      return;
    }
    this.#mailbox.push(pending);
    if (!this.#working) void this.#work();
  }

  /** The state, as new as the log at the time of the call. */
  async read(): Promise<Activated> {
    const state = this.#state;
    if (state.current === undefined && !state.activating) return state.activate();
    await state.activate();
    const version = await this.#deps.reads.versionOf(this.stream);
    const current = await state.activate();
    if (current.version >= version) return current;
    const newest = await state.advance(current);
    // A round under way goes on with the state that it began with.
    if (!this.#working) state.hold(newest, current);
    return newest;
  }

  /** Drops everything that is known of the stream: history was replaced. */
  forget(): void {
    this.#state.forget();
    this.#recent.clear();
  }

  /** Offers a snapshot when at least `events` were recorded since the last one. */
  snapshot(events: number): void {
    const { current } = this.#state;
    if (current === undefined || current.version - current.snapshotVersion < events) return;
    this.#state.markSnapshot();
    this.#deps.snapshots.offer({
      stream: this.stream,
      version: current.version,
      stateVersion: this.#logic.stateVersion,
      state: current.state,
    });
  }

  /** Never rejects: an error becomes the answer of the commands that it concerns. */
  async #work(): Promise<void> {
    this.#working = true;
    while (this.#mailbox.length > 0) {
      let round: PendingCommand[] = [];
      try {
        if (this.#state.current === undefined) await this.#state.activate();
        round = this.#takeMailbox();
        await this.#run(round);
        this.snapshot(this.#deps.limits.snapshotEvery);
      } catch (error) {
        // The log may have recorded the append or not.
        this.#state.drop();
        this.#refuse(round.length > 0 ? round : this.#takeMailbox(), error);
      }
    }
    this.#working = false;
    this.#deps.onIdle(this);
  }

  #takeMailbox(): PendingCommand[] {
    const taken = this.#mailbox;
    this.#mailbox = [];
    return taken;
  }

  #refuse(commands: readonly PendingCommand[], cause: unknown): void {
    const known = cause instanceof DeskwireError;
    if (!known) this.#deps.log.error({ err: cause, stream: this.stream }, 'commands refused after an error');
    const error = known
      ? cause
      : new DeskwireError('unavailable', 'This cannot be done now; trying again is safe', {
          retryAfter: 1,
          cause,
        });
    for (const command of commands) command.refuse(error);
  }

  async #run(round: readonly PendingCommand[]): Promise<void> {
    let open: readonly PendingCommand[] = withoutTwins(round);
    for (let tries = 0; open.length > 0; tries++) {
      if (tries === this.#deps.limits.tries) {
        throw new DeskwireError('unavailable', 'Others keep changing this: try again', { retryAfter: 1 });
      }
      const current = this.#state.current ?? (await this.#state.activate());
      if (tries === 0) open = this.#answerRecent(open, current);
      if (open.length > 0) open = await this.#try(open, current);
    }
  }

  /** One try to decide and record the commands; returns those that must be decided again. */
  async #try(commands: readonly PendingCommand[], current: Activated): Promise<readonly PendingCommand[]> {
    const { stream } = this;
    const { appender, reads } = this.#deps;
    const pass = await decideAll(commands, current, stream, this.#logic, this.#logic.factsOf, this.#deps);
    if (pass.events.length > 0) {
      const result = await appender.append({ stream, expectedVersion: current.version, events: pass.events });
      if (result.outcome === 'duplicate') return this.#answerDuplicates(commands, result.commandIds);
      if (result.outcome === 'appended') return this.#settle(pass, current, result.events);
      await this.#catchUp(current, result.version);
      return commands;
    }
    if (pass.decided.some(mustBeCertain)) {
      const version = await reads.versionOf(stream);
      if (version !== current.version || current !== this.#state.current) {
        await this.#catchUp(current, version);
        return commands;
      }
    }
    return this.#settle(pass, current, []);
  }

  /** Answers a pass whose state the log has confirmed. */
  async #settle(pass: Pass, before: Activated, recorded: readonly RecordedEvent[]): Promise<readonly PendingCommand[]> {
    let after: Folded = before;
    let taken = 0;
    const answers = pass.decided.map((decided) => {
      const events = recorded.slice(taken, taken + decided.events);
      taken += events.length;
      after = foldEvents(this.#logic, after, events);
      return { ...decided, outcome: outcomeOf(events, after, false) };
    });
    // Before the answers, so that a client that reads after its answer finds its change.
    this.#state.hold(after, before);

    const uncertain = answers.filter((answer) => {
      if (mustBeCertain(answer)) return true;
      if (answer.error === undefined) this.#answer(answer.pending, answer.outcome);
      else this.#refuse([answer.pending], answer.error);
      return false;
    });
    if (uncertain.length === 0) return [];
    const found = await Promise.all(uncertain.map(({ pending }) => this.#recordedBy(pending)));
    const current = await this.#atLeast(versionOfNewest(found));
    uncertain.forEach(({ pending, error, outcome }, index) => {
      const events = found[index] ?? [];
      if (events.length > 0) this.#answer(pending, outcomeOf(events, current, true));
      else if (error === undefined) this.#answer(pending, outcome);
      else pending.refuse(error);
    });
    return [];
  }

  /** Answers the commands that the log has already; returns the others. */
  async #answerDuplicates(
    commands: readonly PendingCommand[],
    commandIds: readonly string[],
  ): Promise<readonly PendingCommand[]> {
    const recorded = new Set(commandIds);
    const again = commands.filter(({ context }) => recorded.has(context.commandId));
    const found = await Promise.all(again.map((pending) => this.#recordedBy(pending)));
    const current = await this.#atLeast(versionOfNewest(found));
    again.forEach((pending, index) => {
      const events = found[index] ?? [];
      if (events.length === 0) throw new Error(`recorded and not found: ${pending.context.commandId}`);
      this.#answer(pending, outcomeOf(events, current, true));
    });
    return commands.filter((pending) => !pending.answered);
  }

  #recordedBy({ context }: PendingCommand): Promise<readonly RecordedEvent[]> {
    return this.#deps.reads.recordedBy({ stream: this.stream, commandId: context.commandId });
  }

  /** Answers the retries of commands whose outcome is remembered; returns the others. */
  #answerRecent(commands: readonly PendingCommand[], current: Activated): readonly PendingCommand[] {
    if (this.#recent.size === 0) return commands;
    return commands.filter((pending) => {
      const events = this.#recent.get(pending.context.commandId);
      if (events === undefined) return true;
      pending.answer(outcomeOf(events, current, true));
      return false;
    });
  }

  #answer(pending: PendingCommand, outcome: Outcome): void {
    pending.answer(outcome);
    this.#recent.set(pending.context.commandId, outcome.events);
    if (this.#recent.size <= this.#deps.limits.recentCommands) return;
    for (const oldest of this.#recent.keys().take(1)) this.#recent.delete(oldest);
  }

  async #atLeast(version: number): Promise<Activated> {
    const current = this.#state.current ?? (await this.#state.activate());
    return version > current.version ? this.#catchUp(current, version) : current;
  }

  /** `version` is the version of the stream in the log. */
  async #catchUp(current: Activated, version: number): Promise<Activated> {
    if (version < current.version) this.forget();
    else this.#state.hold(await this.#state.advance(current), current);
    return this.#state.activate();
  }
}

function versionOfNewest(found: readonly (readonly RecordedEvent[])[]): number {
  return Math.max(0, ...found.map((events) => events.at(-1)?.version ?? 0));
}
