/**
 * What clients were told of their commands against what the log has: each acknowledged one is there exactly once, no other
 * twice, none that was refused, and none is left without an answer. The load asks for nothing that may be refused.
 *
 * Who puts a backup back loses what came after it, and knows that. Until the system has found out, it may also answer
 * out of what is gone. So commands of which the client heard before that are excused from being there, not from being twice.
 */
import type { Command, History, Rule } from '../history.ts';
import { recordedCommands } from './recorded.ts';

/** The kinds whose every acknowledged command leaves an event; the others may find nothing to change. */
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

export const answersTell: Rule = {
  name: 'answers name the version that was recorded',
  check(history) {
    const recorded = recordedCommands(history.log);
    return history.commands.flatMap((command) => {
      const [event] = recorded.get(command.key) ?? [];
      const { version, stream } = command;
      const acknowledged = answeredAt(command, 'acknowledged');
      if (event === undefined || version === undefined || acknowledged === undefined) return [];
      if (isExcused(history, acknowledged)) return [];
      if (event.stream === stream && event.version === version) return [];
      return [`${nameOf(command)} was said to be ${stream} ${version} and is ${event.stream} ${event.version}`];
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
      // Its ticket went with the history that is gone.
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
