/**
 * Versions as their readers see them, counted from the log in the plainest way. Staff see the versions of the stream.
 * All others see public versions: the events of the stream that they may see, numbered from 1. The system stores no
 * such number, and the checker shares no code with its computation.
 */
import type { RecordedEvent } from '../../../src/domain/event.ts';
import { viewOf } from '../../../src/domain/ticket/public-view.ts';
import { userDecider, userFactsOf } from '../../../src/domain/user/decider.ts';
import type { UserEvent } from '../../../src/domain/user/events.ts';
import { visibilityOf } from '../../../src/domain/visibility.ts';

export interface Numbering {
  /** The number that a viewer sees in place of this version of the stream. */
  shown(stream: string, version: number, viewer: { readonly staff: boolean }): number;
  /** The version of the stream that a viewer sees as this number. Beyond the head, a version beyond the head. */
  recorded(stream: string, shown: number, viewer: { readonly staff: boolean }): number;
}

export function numberingOf(log: readonly RecordedEvent[]): Numbering {
  /** For each stream, the stream versions of its public events, in order. */
  const publicVersions = new Map<string, number[]>();
  /** For each stream, the number of public events up to each version. */
  const publicCounts = new Map<string, number[]>();
  for (const event of log) {
    const versions = publicVersions.get(event.stream) ?? [];
    const counts = publicCounts.get(event.stream) ?? [0];
    if (visibilityOf(event) === 'public') versions.push(event.version);
    counts.push(versions.length);
    publicVersions.set(event.stream, versions);
    publicCounts.set(event.stream, counts);
  }
  return {
    shown(stream, version, { staff }) {
      if (staff) return version;
      const counts = publicCounts.get(stream) ?? [0];
      const head = counts.length - 1;
      return (counts[Math.min(version, head)] ?? 0) + Math.max(0, version - head);
    },
    recorded(stream, shown, { staff }) {
      if (staff || shown === 0) return shown;
      const versions = publicVersions.get(stream) ?? [];
      const head = (publicCounts.get(stream)?.length ?? 1) - 1;
      return versions[shown - 1] ?? head + shown - versions.length;
    },
  };
}

/** Who is on the staff, by the log. An unknown user is not. No role changes during a run. */
export function staffOf(log: readonly RecordedEvent[]): (userId: string) => boolean {
  const states = new Map<string, ReturnType<typeof userDecider.initialState>>();
  for (const event of log) {
    if (!event.stream.startsWith('user.')) continue;
    const id = event.stream.slice('user.'.length);
    states.set(id, userDecider.evolve(states.get(id) ?? userDecider.initialState(), event as RecordedEvent<UserEvent>));
  }
  return (userId) => {
    const state = states.get(userId);
    const user = state && userFactsOf(state);
    return user !== undefined && viewOf(user) === 'staff';
  };
}
