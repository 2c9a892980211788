/** Actors on a log of the test's choice, with events and commands for them. */
import type { CommandContext } from '../../../src/actors/actor-system.ts';
import {
  type ActorSystemDeps,
  createActorSystem,
  type LocalActorSystem,
} from '../../../src/actors/local-actor-system.ts';
import type { Snapshot, SnapshotStore } from '../../../src/actors/snapshots.ts';
import { deciders } from '../../../src/domain/deciders.ts';
import type { DomainEvent, NewEvent, RecordedEvent, Stream } from '../../../src/domain/event.ts';
import { type TicketState, ticketDecider } from '../../../src/domain/ticket/decider.ts';
import type { TicketEvent } from '../../../src/domain/ticket/events.ts';
import type { UserFacts } from '../../../src/domain/user/identity.ts';
import { driver } from '../domain/people.ts';

let ids = 0;
/** UUIDs in the order of the calls. */
export function nextId(): string {
  ids++;
  return `00000000-0000-7000-8000-${ids.toString(16).padStart(12, '0')}`;
}

export function context(by: UserFacts, commandId = nextId(), more: Partial<CommandContext> = {}): CommandContext {
  return { commandId, by, correlationId: commandId, ...more };
}

export function newEvent(event: DomainEvent, commandId = nextId(), by: UserFacts = driver): NewEvent {
  const actor = { id: by.id, name: by.name, role: by.role };
  return { ...event, id: nextId(), metadata: { commandId, actor, correlationId: commandId } };
}

export function opened(): DomainEvent {
  const data = { number: 1, requesterId: '1', requesterName: 'john_driver', description: 'It does not start' };
  return { type: 'TicketOpened', data: { ...data, category: 'general', priority: 'medium', tags: [] } };
}

export function posted(message: string): DomainEvent {
  const data = { messageId: nextId(), message, messageType: 'TEXT', attachments: [], internal: false } as const;
  return { type: 'MessagePosted', data };
}

export function foldTicket(events: readonly RecordedEvent[]): TicketState {
  return (events as RecordedEvent<TicketEvent>[]).reduce(ticketDecider.evolve, ticketDecider.initialState());
}

export class MemorySnapshots implements SnapshotStore {
  readonly held = new Map<Stream, Snapshot>();
  beforeSave: () => unknown = () => undefined;

  async load(keys: Parameters<SnapshotStore['load']>[0]): Promise<(Snapshot | undefined)[]> {
    return keys.map(({ stream, stateVersion }) => {
      const snapshot = this.held.get(stream);
      return snapshot?.stateVersion === stateVersion ? structuredClone(snapshot) : undefined;
    });
  }

  async save(snapshots: readonly Snapshot[]): Promise<void> {
    await this.beforeSave();
    for (const snapshot of snapshots) this.held.set(snapshot.stream, structuredClone(snapshot));
  }
}

export interface Logged {
  readonly warnings: unknown[];
  readonly errors: unknown[];
}

export function recordingLog() {
  const logged: Logged = { warnings: [], errors: [] };
  return {
    logged,
    log: {
      warn: (entry: unknown) => void logged.warnings.push(entry),
      error: (entry: unknown) => void logged.errors.push(entry),
    },
  };
}

export function startActors(
  over: Pick<ActorSystemDeps, 'appender' | 'reader'> & Partial<ActorSystemDeps>,
): LocalActorSystem {
  return createActorSystem({
    snapshots: new MemorySnapshots(),
    deciders,
    contextOf: { ticket: () => ({ relations: { vendorIds: [] } }) },
    now: Date.now,
    newId: nextId,
    log: recordingLog().log,
    ...over,
  });
}
