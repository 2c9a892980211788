/**
 * One stream, active in this process: a mailbox, the folded state, its version.
 *
 *   idle ──submit──▶ working: (activate if needed) ▶ take the mailbox ▶ decide ▶ append ▶ answer ─┐
 *    ▲                           ▲                                                                │
 *    └────── mailbox empty ──────┴───────────────── mailbox not empty ◀───────────────────────────┘
 *
 * - The whole mailbox is decided in one go and recorded in one append; what arrives meanwhile waits for the next round.
 * - The state only ever holds recorded events. A conflict means that someone else recorded too: catch up, decide again.
 * - Nothing is refused, and nothing is called "nothing to change", on a state that is stale, or when the log has the
 *   command already. In a round that recorded something the append has proven the state; otherwise the log is asked.
 * - When it is unknown whether an append happened, the state is dropped and read again for the next round.
 * - When history was replaced, the state is dropped and whatever was read before counts for nothing (`forget`).
 */
import { DeskwireError } from '../domain/errors.ts';
import type { RecordedEvent, Stream } from '../domain/event.ts';
import type { Appender } from '../eventlog/event-log.ts';
import { type Activated, type Activation, type Folded, foldEvents, type Logic } from './activation.ts';
import { type Decided, type DecisionServices, decideAll, type FactsOf, type Pass } from './decision.ts';
import type { Log } from './log.ts';
import type { LogReads } from './log-reads.ts';
import { type Outcome, type PendingCommand, withoutTwins } from './mailbox.ts';
import type { SnapshotWriter } from './snapshot-writer.ts';

/** What all actors share. */
export interface ActorServices extends DecisionServices {
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
    /** Rounds that may be lost to other writers before the commands are given up. */
    readonly tries: number;
    /** Commands whose outcome an actor remembers, to answer retries without asking the log. */
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
  /** Unix time in milliseconds; the owner of the actor keeps it up to date. */
  lastUsed = 0;
  readonly #logic: ActorKindLogic;
  readonly #services: ActorServices;
  readonly #recent = new Map<string, readonly RecordedEvent[]>();
  #mailbox: PendingCommand[] = [];
  #current: Activated | undefined;
  #activating: Promise<Activated> | undefined;
  #working = false;
  /** Counts the times that history was replaced. */
  #history = 0;

  constructor(stream: Stream, logic: ActorKindLogic, services: ActorServices) {
    this.stream = stream;
    this.#logic = logic;
    this.#services = services;
  }

  /** An actor that is busy must not be passivated. */
  get busy(): boolean {
    return this.#working || this.#activating !== undefined;
  }

  /** Undefined before activation, and after an append whose fate is unknown. */
  get current(): Activated | undefined {
    return this.#current;
  }

  submit(pending: PendingCommand): void {
    if (this.#mailbox.length >= this.#services.limits.mailbox) {
      this.#services.onMailboxFull();
      pending.refuse(new DeskwireError('unavailable', 'Too many commands wait for this stream', { retryAfter: 1 }));
      return;
    }
    this.#mailbox.push(pending);
    if (!this.#working) void this.#work();
  }

  /** The state now; everyone who asks meanwhile shares one activation. */
  activate(): Promise<Activated> {
    if (this.#current !== undefined) return Promise.resolve(this.#current);
    this.#activating ??= this.#load();
    return this.#activating;
  }

  /** The state as new as the log at the time of asking. */
  async read(): Promise<Activated> {
    if (this.#current === undefined && this.#activating === undefined) return this.activate();
    await this.activate();
    const version = await this.#services.reads.versionOf(this.stream);
    const current = await this.activate();
    if (current.version >= version) return current;
    const folded = await this.#services.activation.advance(this.stream, this.#logic, current);
    const newest = { ...folded, snapshotVersion: current.snapshotVersion };
    // A round in work holds on to what it began with.
    if (!this.#working) this.#hold(newest, current);
    return newest;
  }

  /** History was replaced: what is known is not what is recorded. */
  forget(): void {
    this.#history++;
    this.#current = undefined;
    this.#recent.clear();
  }

  /** Offers a snapshot when at least `events` were recorded since the last one. */
  snapshot(events: number): void {
    const current = this.#current;
    if (current === undefined || current.version - current.snapshotVersion < events) return;
    this.#current = { ...current, snapshotVersion: current.version };
    this.#services.snapshots.offer({
      stream: this.stream,
      version: current.version,
      stateVersion: this.#logic.stateVersion,
      state: current.state,
    });
  }

  async #load(): Promise<Activated> {
    try {
      for (;;) {
        const history = this.#history;
        const loaded = await this.#services.activation.load(this.stream, this.#logic);
        if (history !== this.#history) continue;
        this.#current = loaded;
        return loaded;
      }
    } finally {
      this.#activating = undefined;
      if (!this.#working) this.#services.onIdle(this);
    }
  }

  /** Never rejects: whatever goes wrong is the answer of the commands it went wrong for. */
  async #work(): Promise<void> {
    this.#working = true;
    while (this.#mailbox.length > 0) {
      let round: PendingCommand[] = [];
      try {
        if (this.#current === undefined) await this.activate();
        round = this.#takeMailbox();
        await this.#run(round);
        this.snapshot(this.#services.limits.snapshotEvery);
      } catch (error) {
        // It is unknown what the log has now.
        this.#current = undefined;
        this.#giveUp(round.length > 0 ? round : this.#takeMailbox(), error);
      }
    }
    this.#working = false;
    this.#services.onIdle(this);
  }

  #takeMailbox(): PendingCommand[] {
    const taken = this.#mailbox;
    this.#mailbox = [];
    return taken;
  }

  #giveUp(commands: readonly PendingCommand[], cause: unknown): void {
    const known = cause instanceof DeskwireError;
    if (!known) this.#services.log.error({ err: cause, stream: this.stream }, 'commands given up');
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
      if (tries === this.#services.limits.tries) {
        throw new DeskwireError('unavailable', 'Others keep changing this: try again', { retryAfter: 1 });
      }
      const current = this.#current ?? (await this.activate());
      if (tries === 0) open = this.#answerRecent(open, current);
      if (open.length > 0) open = await this.#try(open, current);
    }
  }

  /** One try to decide and record the commands; returns those that must be decided again. */
  async #try(commands: readonly PendingCommand[], current: Activated): Promise<readonly PendingCommand[]> {
    const { stream } = this;
    const { appender, reads } = this.#services;
    const pass = await decideAll(commands, current, stream, this.#logic, this.#logic.factsOf, this.#services);
    if (pass.events.length > 0) {
      const result = await appender.append({ stream, expectedVersion: current.version, events: pass.events });
      if (result.outcome === 'duplicate') return this.#answerDuplicates(commands, result.commandIds);
      if (result.outcome === 'appended') return this.#settle(pass, current, result.events);
      await this.#catchUp(current, result.version);
      return commands;
    }
    if (pass.decided.some(mustBeCertain)) {
      const version = await reads.versionOf(stream);
      if (version !== current.version || current !== this.#current) {
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
    // Before anyone is answered: who reads after the answer must find what they did.
    this.#hold({ ...after, snapshotVersion: before.snapshotVersion }, before);

    const uncertain = answers.filter((answer) => {
      if (mustBeCertain(answer)) return true;
      if (answer.error === undefined) this.#answer(answer.pending, answer.outcome);
      else this.#giveUp([answer.pending], answer.error);
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
    return this.#services.reads.recordedBy({ stream: this.stream, commandId: context.commandId });
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
    if (this.#recent.size <= this.#services.limits.recentCommands) return;
    for (const oldest of this.#recent.keys().take(1)) this.#recent.delete(oldest);
  }

  async #atLeast(version: number): Promise<Activated> {
    const current = this.#current ?? (await this.activate());
    return version > current.version ? this.#catchUp(current, version) : current;
  }

  /** `version` is where the log says that the stream stands. */
  async #catchUp(current: Activated, version: number): Promise<Activated> {
    if (version < current.version) {
      this.forget();
    } else {
      const folded = await this.#services.activation.advance(this.stream, this.#logic, current);
      this.#hold({ ...folded, snapshotVersion: current.snapshotVersion }, current);
    }
    return this.activate();
  }

  /** Unless what it was folded from has been dropped. */
  #hold(next: Activated, base: Activated): void {
    if (this.#current === base) this.#current = next;
  }
}

/** Refusals, and commands that would change nothing: wrong on a stale state, or when the log has the command. */
function mustBeCertain({ error, events }: Decided): boolean {
  if (error === undefined) return events === 0;
  return error instanceof DeskwireError && error.code !== 'unavailable';
}

function versionOfNewest(found: readonly (readonly RecordedEvent[])[]): number {
  return Math.max(0, ...found.map((events) => events.at(-1)?.version ?? 0));
}

function outcomeOf(events: readonly RecordedEvent[], { state, version }: Folded, duplicate: boolean): Outcome {
  return { events, state, version, position: events.at(-1)?.position ?? 0, duplicate };
}
