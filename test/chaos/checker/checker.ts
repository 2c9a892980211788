/** Checks a history against every rule. Pure: the same history always gives the same violations. */
import type { History, Rule, Violation } from '../history.ts';
import { clientsConverge } from './clients.ts';
import { acknowledgedOnce, answersTell, everyCommandAnswered, refusedForNoReason } from './commands.ts';
import { commandsTookEffect } from './effects.ts';
import { epochsChangeWithHistory } from './epochs.ts';
import { jetstreamEqualsLog } from './jetstream.ts';
import { positionsGapless, versionsGapless } from './log.ts';
import { projectionsEqualRebuild } from './projections.ts';
import { unreadCountsRight } from './unread.ts';

export const RULES: readonly Rule[] = [
  positionsGapless,
  versionsGapless,
  acknowledgedOnce,
  everyCommandAnswered,
  answersTell,
  refusedForNoReason,
  commandsTookEffect,
  clientsConverge,
  jetstreamEqualsLog,
  projectionsEqualRebuild,
  unreadCountsRight,
  epochsChangeWithHistory,
];

/** Violations of one rule that are listed; further ones are only counted. */
const SHOWN = 10;

export function checkHistory(history: History, rules: readonly Rule[] = RULES): readonly Violation[] {
  return rules.flatMap(({ name, check }) => {
    const found = check(history);
    const shown = found.slice(0, SHOWN).map((what) => ({ rule: name, what }));
    return found.length > SHOWN ? [...shown, { rule: name, what: `… and ${found.length - SHOWN} more` }] : shown;
  });
}
