/**
 * Compares the answers that clients got with the log. Each acknowledged command is in the log exactly once. No command
 * is there twice, none is refused, and none is left without an answer. The load asks for nothing that may be refused.
 *
 * Restoring a backup loses the events after it. Until the system has noticed the restore, it may also answer from the
 * lost history. So commands that were answered before that moment may be missing, but may still not be there twice.
 */
import type { Command, History, Rule } from '../history.ts';
import { numberingOf, staffOf } from './numbering.ts';
import { recordedCommands } from './recorded.ts';

/** The kinds of commands that always record an event. Commands of other kinds may find nothing to change. */
const ALWAYS_RECORDED: ReadonlySet<Command['kind']> = new Set(['open', 'post', 'note', 'say']);

export const acknowledgedOnce: Rule = {
  name: 'each acknowledged command is in the log exactly once, no other twice',
  check(history) {
    const recorded = recordedCommands(history.log);
    return history.commands.flatMap((command) => {
      const times = recorded.get(command.key)?.length ?? 0;
      if (times > 1) return [`${nameOf(command)} is in the log ${times} times`];
      if (times === 1 || !ALWAYS_RECORDED.has(command.kind)) return [];
      const acknowledged = answeredAt(command, 'acknowledged');
      if (acknowledged === undefined || isExcused(history, acknowledged)) return [];
      return [`${nameOf(command)} was acknowledged and is not in the log`];
    });
  },
};

export const everyCommandAnswered: Rule = {
  name: 'every command is answered in the end',
  check: ({ commands }) =>
    commands.flatMap((command) =>
      command.attempts.some(({ outcome }) => outcome !== 'unknown')
        ? []
        : [`${nameOf(command)} got no answer in ${command.attempts.length} attempts`],
    ),
};

/** The version is the one that the user who asks sees. */
export const answersTell: Rule = {
  name: 'answers name the version that was recorded',
  check(history) {
    const recorded = recordedCommands(history.log);
    const numbering = numberingOf(history.log);
    const isStaff = staffOf(history.log);
    return history.commands.flatMap((command) => {
      const [event] = recorded.get(command.key) ?? [];
      const { version, stream } = command;
      const acknowledged = answeredAt(command, 'acknowledged');
      if (event === undefined || version === undefined || acknowledged === undefined) return [];
      if (isExcused(history, acknowledged)) return [];
      const must = numbering.shown(event.stream, event.version, { staff: isStaff(command.by) });
      if (event.stream === stream && must === version) return [];
      return [`${nameOf(command)} was said to be ${stream} ${version} and is ${event.stream} ${must}`];
    });
  },
};

export const refusedForNoReason: Rule = {
  name: 'nothing is refused that must be done',
  check(history) {
    const alive = new Set(history.log.map(({ stream }) => stream));
    return history.commands.flatMap((command) => {
      const refusal = command.attempts.find(({ outcome }) => outcome === 'refused');
      if (refusal === undefined) return [];
      // The ticket is part of the lost history.
      const gone = command.stream !== undefined && !alive.has(command.stream) && history.restores.length > 0;
      const asked = command.attempts[0]?.at ?? refusal.at;
      return gone || isExcused(history, asked) ? [] : [`${nameOf(command)} was refused: ${refusal.detail}`];
    });
  },
};

/** Milliseconds since the run began at which the attempt was made that got this answer. */
export function answeredAt(command: Command, outcome: 'acknowledged' | 'refused'): number | undefined {
  return command.attempts.find((attempt) => attempt.outcome === outcome)?.at;
}

export function isExcused({ restores }: Pick<History, 'restores'>, answeredAt: number): boolean {
  return restores.some(({ until }) => answeredAt < until);
}

function nameOf({ kind, key, stream }: Command): string {
  return `${kind} ${key} in ${stream ?? 'a new ticket'}`;
}
