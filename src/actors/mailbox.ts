/**
 * A command in a mailbox, and its answer. A command is answered once; later answers are ignored. If a command arrives
 * again while the first one waits, it becomes the twin of the first and gets the same answer.
 */
import type { RecordedEvent } from '../domain/event.ts';
import type { CommandContext } from './actor-system.ts';

/** A CommandOutcome with a state of any kind. */
export interface Outcome {
  readonly events: readonly RecordedEvent[];
  readonly state: unknown;
  readonly version: number;
  readonly position: number;
  readonly duplicate: boolean;
}

export class PendingCommand {
  readonly command: unknown;
  readonly context: CommandContext;
  readonly #resolve: (outcome: Outcome) => void;
  readonly #reject: (error: unknown) => void;
  readonly #onAnswered: () => void;
  #answered = false;
  #twins: PendingCommand[] | undefined;

  constructor(
    command: unknown,
    context: CommandContext,
    resolve: (outcome: Outcome) => void,
    reject: (error: unknown) => void,
    onAnswered: () => void,
  ) {
    this.command = command;
    this.context = context;
    this.#resolve = resolve;
    this.#reject = reject;
    this.#onAnswered = onAnswered;
  }

  get answered(): boolean {
    return this.#answered;
  }

  addTwin(twin: PendingCommand): void {
    this.#twins ??= [];
    this.#twins.push(twin);
  }

  answer(outcome: Outcome): void {
    if (this.#answered) return;
    this.#answered = true;
    this.#onAnswered();
    this.#resolve(outcome);
    for (const twin of this.#twins ?? []) twin.answer({ ...outcome, duplicate: true });
  }

  refuse(error: unknown): void {
    if (this.#answered) return;
    this.#answered = true;
    this.#onAnswered();
    this.#reject(error);
    for (const twin of this.#twins ?? []) twin.refuse(error);
  }
}

export function outcomeOf(
  events: readonly RecordedEvent[],
  { state, version }: { readonly state: unknown; readonly version: number },
  duplicate: boolean,
): Outcome {
  return { events, state, version, position: events.at(-1)?.position ?? 0, duplicate };
}

/** The commands to decide, in order, each command id once: later commands of an id become twins of the first. */
export function withoutTwins(commands: readonly PendingCommand[]): PendingCommand[] {
  if (commands.length === 1) return [...commands];
  const firsts = new Map<string, PendingCommand>();
  for (const command of commands) {
    const first = firsts.get(command.context.commandId);
    if (first === undefined) firsts.set(command.context.commandId, command);
    else first.addTwin(command);
  }
  return firsts.values().toArray();
}
