/**
 * Two actor systems on one log, under generated orders of commands, appends, reads and lost answers. The model is the
 * log itself: each recorded event and each answer must equal the decider's result at some moment between command and
 * answer.
 */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { CommandOutcome } from '../../../src/actors/actor-system.ts';
import { DeskwireError } from '../../../src/domain/errors.ts';
import type { RecordedEvent } from '../../../src/domain/event.ts';
import type { TicketCommand } from '../../../src/domain/ticket/commands.ts';
import { ticketDecider } from '../../../src/domain/ticket/decider.ts';
import type { UserFacts } from '../../../src/domain/user/identity.ts';
import { agent, driver, otherDriver } from '../domain/people.ts';
import { assign, become, open, post, readUpTo } from '../domain/ticket-commands.ts';
import { context, foldTicket, startActors } from './desk.ts';
import { MemoryLog, unreachable } from './memory-log.ts';

/** The command of an id is always the same, so a second one of the same id is a retry. */
const COMMANDS: readonly { by: UserFacts; command: TicketCommand; ifRevision?: number }[] = [
  { by: driver, command: open() },
  { by: driver, command: post('hello') },
  { by: agent, command: post('hello yourself') },
  { by: otherDriver, command: post('let me in') },
  { by: agent, command: become('pending') },
  { by: agent, command: become('closed') },
  { by: agent, command: assign(agent) },
  { by: agent, command: assign(null) },
  { by: driver, command: readUpTo(2) },
  { by: driver, command: post('the second'), ifRevision: 1 },
];

interface Given {
  readonly id: 't' | 'u';
  readonly command: number;
  readonly system: number;
}

interface Answered extends Given {
  /** Length of the stream when the command was given, and when it was answered. */
  readonly from: number;
  readonly to: number;
  readonly outcome: CommandOutcome<'ticket'> | DeskwireError;
}

const given = fc.record<Given>({
  id: fc.constantFrom('t', 'u'),
  command: fc.nat(COMMANDS.length - 1),
  system: fc.nat(1),
});

it('records every command at most once and answers each correctly, in every interleaving', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.scheduler(),
      fc.array(given, { minLength: 1, maxLength: 25 }),
      fc.infiniteStream(fc.constantFrom(...Array<'no'>(15).fill('no'), 'before', 'after')),
      async (scheduler, commands, losses) => {
        const log = new MemoryLog();
        const lost = losses[Symbol.iterator]();
        const fates = new Map<object, string>();
        log.beforeAppend = async (append) => {
          await scheduler.schedule(Promise.resolve(), 'append');
          fates.set(append, lost.next().value ?? 'no');
          if (fates.get(append) === 'before') unreachable();
        };
        log.afterAppend = async (append) => {
          await scheduler.schedule(Promise.resolve(), 'answer');
          if (fates.get(append) === 'after') unreachable();
        };
        log.beforeRead = () => scheduler.schedule(Promise.resolve(), 'read');
        const limits = { actors: 1, recentCommands: 2, snapshotEvery: 2 };
        const systems = [startActors({ ...log, limits }), startActors({ ...log, limits })];

        const answers = commands.map(async (one): Promise<Answered> => {
          await scheduler.schedule(Promise.resolve(), 'command');
          const { by, command, ifRevision } = entryOf(one);
          const from = log.stream(`ticket.${one.id}`).length;
          const more = ifRevision === undefined ? {} : { ifRevision };
          const outcome = await systems[one.system]
            ?.execute('ticket', one.id, command, context(by, `${one.command}`, more))
            .catch((error: unknown) => error);
          const to = log.stream(`ticket.${one.id}`).length;
          return { ...one, from, to, outcome: outcome as Answered['outcome'] };
        });
        await scheduler.waitFor(Promise.all(answers));
        await Promise.all(systems.map((system) => system.close()));

        const unsure = [...fates.values()].some((fate) => fate !== 'no');
        for (const id of ['t', 'u'] as const) checkLog(log.stream(`ticket.${id}`));
        for (const answer of await Promise.all(answers)) checkAnswer(answer, log.stream(`ticket.${answer.id}`), unsure);
      },
    ),
    { numRuns: 1_000 },
  );
});

function entryOf({ command }: { command: number }) {
  const entry = COMMANDS[command];
  if (entry === undefined) throw new Error('no such command');
  return entry;
}

/** The decider's result for a command on a stream with these events. */
function decideOn(command: number, events: readonly RecordedEvent[]) {
  const entry = entryOf({ command });
  const relations = { vendorIds: [] };
  try {
    const decided = ticketDecider.decide(entry.command, foldTicket(events), { by: entry.by, relations });
    const expected = entry.ifRevision ?? events.length;
    return expected === events.length ? { events: decided } : { refusal: 'precondition_failed' };
  } catch (error) {
    if (error instanceof DeskwireError) return { refusal: error.code };
    throw error;
  }
}

function recordedBy(command: number, events: readonly RecordedEvent[]) {
  return events.filter((event) => event.metadata.commandId === `${command}`);
}

/** Checks that the events of each command are recorded once, together, as decided on the state before them. */
function checkLog(events: readonly RecordedEvent[]): void {
  expect(events.map((event) => event.version)).toEqual(events.map((_, index) => index + 1));
  for (const commandId of new Set(events.map((event) => event.metadata.commandId))) {
    const own = recordedBy(Number(commandId), events);
    const before = events.slice(0, (own[0]?.version ?? 0) - 1);
    const { events: decided } = decideOn(Number(commandId), before);
    expect(own.map(({ type, data }) => ({ type, data }))).toEqual(decided);
    expect(events.slice(before.length, before.length + own.length)).toEqual(own);
  }
}

function checkAnswer(
  { command, from, to, outcome }: Answered,
  events: readonly RecordedEvent[],
  unsure: boolean,
): void {
  const moments = Array.from({ length: to - from + 1 }, (_, index) => events.slice(0, from + index));
  if (outcome instanceof DeskwireError) {
    if (outcome.code === 'unavailable') expect(unsure).toBe(true);
    else {
      const said = moments.filter((moment) => recordedBy(command, moment).length === 0);
      expect(said.map((moment) => decideOn(command, moment).refusal)).toContain(outcome.code);
    }
    return;
  }
  expect(outcome.state).toEqual(foldTicket(events.slice(0, outcome.version)));
  if (outcome.events.length > 0) {
    expect(outcome.events).toEqual(recordedBy(command, events));
    expect(outcome.version).toBeGreaterThanOrEqual(outcome.events.at(-1)?.version ?? 0);
    if (!outcome.duplicate) expect(outcome.version).toBe(outcome.events.at(-1)?.version);
    expect(outcome.position).toBe(outcome.events.at(-1)?.position);
  } else if (!outcome.duplicate) {
    const said = moments.filter((moment) => recordedBy(command, moment).length === 0);
    expect(said.map((moment) => decideOn(command, moment).events?.length)).toContain(0);
  }
}
