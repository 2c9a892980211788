/**
 * A ticket's state after each of its events, by the same `evolve` that the server uses. The timeline's entries contain
 * everything that `evolve` reads of an event (test/unit/console/timeline.test.ts).
 */
import type { Actor, TimelineEntry } from '../../../../src/client/index.ts';
import { type RecordedEvent, streamOf } from '../../../../src/domain/event.ts';
import type { TicketEvent } from '../../../../src/domain/ticket/events.ts';
import { evolveTicket, initialTicket } from '../../../../src/domain/ticket/evolve.ts';
import type { TicketState } from '../../../../src/domain/ticket/state.ts';

export type { TicketState };

export interface Step {
  readonly entry: TimelineEntry;
  readonly before: TicketState;
  readonly after: TicketState;
}

/** `known`: the steps of the first entries, computed before. */
export function stepsOf(
  ticketId: string,
  entries: readonly TimelineEntry[],
  known: readonly Step[] = [],
): readonly Step[] {
  const steps = [...known];
  let state = steps.at(-1)?.after ?? initialTicket();
  for (const entry of entries.slice(known.length)) {
    const before = state;
    state = evolveTicket(before, eventOf(ticketId, entry));
    steps.push({ entry, before, after: state });
  }
  return steps;
}

function eventOf(ticketId: string, { actor, requestId, ...entry }: TimelineEntry): RecordedEvent<TicketEvent> {
  const metadata = { commandId: entry.id, correlationId: requestId, actor };
  return { ...entry, stream: streamOf('ticket', ticketId), metadata } as unknown as RecordedEvent<TicketEvent>;
}

/** The latest name of each user in the events, by user id. */
export function namesIn(steps: readonly Step[]): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  for (const { entry, after } of steps) {
    const named: Pick<Actor, 'id' | 'name'>[] = [
      { id: after.requesterId, name: after.requesterName },
      ...(after.assignee === null ? [] : [after.assignee]),
      entry.actor,
    ];
    for (const { id, name } of named) names.set(id, name);
    if (entry.type === 'ParticipantAdded') names.set(String(entry.data.userId), String(entry.data.name));
  }
  return names;
}
