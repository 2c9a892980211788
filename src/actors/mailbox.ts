/**
 * A command in a mailbox, and its answer. Each is answered once, whatever happens: the first answer counts. A command
 * that comes again while the first waits is its twin: it gets the first's answer.
 */
import type { RecordedEvent } from '../domain/event.ts';
import type { CommandContext } from './actor-system.ts';

/** An outcome whose type of state has been forgotten. */
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

/** The commands to decide, in order, those that come twice once. */
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
