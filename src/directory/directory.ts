/**
 * Users and references by id, cached in memory and kept current by their live events: what access decisions, the
 * gateway and the API look up for nearly every request.
 *
 * Live events may be lost, repeated or reordered, so versions decide: the next version is folded into the entry, an
 * older one changes nothing, a gap drops the entry. A load that was overtaken by an event is repeated, never stored.
 * A lost event shows no gap until the next one; therefore everything is dropped after a reconnection, and an entry that
 * has been used for `maxAge` is compared with the log behind the back of whoever uses it.
 */
import { LRUCache } from 'lru-cache';
import { createActivation, type Folded, foldEvents, type Logic } from '../actors/activation.ts';
import type { ContextOf } from '../actors/actor-system.ts';
import { isKey } from '../actors/key.ts';
import type { Log } from '../actors/log.ts';
import { createLogReads } from '../actors/log-reads.ts';
import type { SnapshotStore } from '../actors/snapshots.ts';
import type { Broker } from '../broker/port.ts';
import type { TicketRelations } from '../domain/access.ts';
import { parseStream, type RecordedEvent, type Stream, streamOf } from '../domain/event.ts';
import { type ReferenceState, referenceDecider, referenceStreamId } from '../domain/reference/decider.ts';
import type { ReferenceType } from '../domain/reference/events.ts';
import { type UserState, userDecider, userFactsOf } from '../domain/user/decider.ts';
import type { UserFacts } from '../domain/user/identity.ts';
import type { EventReader } from '../eventlog/event-log.ts';

export interface DirectoryChange {
  readonly kind: 'user' | 'reference';
  /** As in the stream's name: of a reference, `<type>-<id>`. */
  readonly id: string;
}

export interface Directory {
  /** Undefined when nobody is registered under this id; deactivated users are returned with `active: false`. */
  user(id: string): UserFacts | undefined | Promise<UserFacts | undefined>;
  /** Undefined when it was never set. */
  reference(type: ReferenceType, id: string): ReferenceState | undefined | Promise<ReferenceState | undefined>;
  /** The relations that a ticket has through its references. */
  relations(ticket: {
    readonly grnId: string | null;
    readonly dispatchId: string | null;
  }): TicketRelations | Promise<TicketRelations>;
  /**
   * Calls `listener` after a user or a reference changed and the cache shows it; sometimes twice for one change. Changes
   * during a disconnection are told after it for what was in the cache.
   */
  onChanged(listener: (change: DirectoryChange) => void): () => void;
  /** Drops everything, and tells of it: history was replaced (a new epoch). */
  forget(): void;
  close(): void;
}

export interface DirectoryDependencies {
  readonly reader: Pick<EventReader, 'readStreams' | 'readVersions' | 'readCommands'>;
  readonly snapshots: Pick<SnapshotStore, 'load'>;
  readonly broker: { readonly live: Pick<Broker['live'], 'subscribeKind'> } & Pick<Broker, 'onReconnected'>;
  /** Unix time in milliseconds. */
  readonly now: () => number;
  readonly log: Log;
  /** Users and references kept. */
  readonly entries?: number;
  /** Milliseconds after which an entry in use is compared with the log. */
  readonly maxAge?: number;
}

interface Entry extends Folded {
  readonly stream: Stream;
  /** What is looked up: UserFacts or ReferenceState. */
  readonly facts: unknown;
  checkedAt: number;
}

interface Flight {
  readonly entry: Promise<Entry | undefined>;
  /** The newest version that was heard of meanwhile. */
  heard: number;
}

interface Shelf {
  readonly logic: Logic;
  /** Undefined when there is nobody and nothing. */
  readonly factsOf: (state: unknown) => unknown;
}

const NO_RELATIONS: TicketRelations = { vendorIds: [] };
/** Times that a load is repeated because it was overtaken, before its result is given out and not kept. */
const LOADS = 3;
/** Events that leave what is looked up as it was: those of the user's inbox. */
const WITHOUT_FACTS: ReadonlySet<string> = new Set([
  'NotificationSent',
  'NotificationsRead',
  'AllNotificationsRead',
  'InboxSeen',
]);

export function createDirectory(dependencies: DirectoryDependencies): Directory {
  const { broker, now, log, entries = 20_000, maxAge = 15_000 } = dependencies;
  const shelves: Readonly<Record<DirectoryChange['kind'], Shelf>> = {
    user: { logic: userDecider, factsOf: (state) => userFactsOf(state as UserState) },
    reference: {
      logic: referenceDecider,
      factsOf: (state) => ((state as ReferenceState).exists ? state : undefined),
    },
  };
  const reads = createLogReads(dependencies.reader);
  const activation = createActivation({ reads, snapshots: dependencies.snapshots, log });
  const cache = new LRUCache<Stream, Entry>({ max: entries });
  const flights = new Map<Stream, Flight>();
  const listeners = new Set<(change: DirectoryChange) => void>();
  /** Counts the times that everything was dropped. */
  let generation = 0;

  function lookUp(kind: DirectoryChange['kind'], id: string): unknown {
    const stream = streamOf(kind, id);
    const entry = cache.get(stream);
    if (entry !== undefined) {
      if (now() - entry.checkedAt >= maxAge) void compare(entry);
      return entry.facts;
    }
    if (!isKey(id)) return undefined;
    let flight = flights.get(stream);
    if (flight === undefined) {
      flight = { entry: load(kind, stream).finally(() => flights.delete(stream)), heard: 0 };
      flights.set(stream, flight);
    }
    return flight.entry.then((loaded) => loaded?.facts);
  }

  async function load(kind: DirectoryChange['kind'], stream: Stream): Promise<Entry | undefined> {
    const { logic, factsOf } = shelves[kind];
    for (let loads = 1; ; loads++) {
      const started = generation;
      const { state, version } = await activation.load(stream, logic);
      const overtaken = generation !== started || version < (flights.get(stream)?.heard ?? 0);
      if (overtaken && loads < LOADS) continue;
      const facts = factsOf(state);
      if (facts === undefined) return undefined;
      const entry: Entry = { stream, state, version, facts, checkedAt: now() };
      if (!overtaken) cache.set(stream, entry);
      return entry;
    }
  }

  function onEvent(kind: DirectoryChange['kind'], event: RecordedEvent): void {
    const flight = flights.get(event.stream);
    if (flight !== undefined) flight.heard = Math.max(flight.heard, event.version);
    const entry = cache.peek(event.stream);
    if (entry !== undefined && event.version > entry.version) advance(kind, entry, event);
    if (!WITHOUT_FACTS.has(event.type)) tell(event.stream);
  }

  function advance(kind: DirectoryChange['kind'], entry: Entry, event: RecordedEvent): void {
    const { logic, factsOf } = shelves[kind];
    cache.delete(entry.stream);
    if (event.version !== entry.version + 1) return;
    const folded = foldEvents(logic, entry, [event]);
    cache.set(entry.stream, { ...entry, ...folded, facts: factsOf(folded.state) });
  }

  function tell(stream: Stream): void {
    const { kind, id } = parseStream(stream);
    for (const listener of listeners) listener({ kind: kind === 'user' ? kind : 'reference', id });
  }

  /** Drops an entry, and tells of it, when the log has moved on without our hearing of it. */
  async function compare(entry: Entry): Promise<void> {
    entry.checkedAt = now();
    try {
      const version = await reads.versionOf(entry.stream);
      if (version === entry.version) return;
      const held = cache.peek(entry.stream);
      if (held === entry || (held !== undefined && held.version < version)) cache.delete(entry.stream);
      tell(entry.stream);
    } catch (error) {
      log.warn({ err: error, stream: entry.stream }, 'directory entry not compared with the log');
    }
  }

  function dropAll(): Entry[] {
    generation++;
    const dropped = [...cache.values()];
    cache.clear();
    return dropped;
  }

  /** Anything may have been missed: whoever changed meanwhile is told of. */
  function compareAll(): void {
    for (const entry of dropAll()) void compare(entry);
  }

  function reference(type: ReferenceType, id: string) {
    return lookUp('reference', referenceStreamId(type, id)) as ReturnType<Directory['reference']>;
  }

  const subscriptions = (['user', 'reference'] as const).map((kind) =>
    broker.live.subscribeKind(kind, (event) => onEvent(kind, event)),
  );
  const forgetReconnections = broker.onReconnected(compareAll);
  // What was loaded before the server knew of our interest may have changed unheard.
  for (const { ready } of subscriptions) {
    ready.then(compareAll, (error) => log.error({ err: error }, 'directory not subscribed to changes'));
  }

  return {
    user: (id) => lookUp('user', id) as ReturnType<Directory['user']>,
    reference,
    relations({ grnId, dispatchId }) {
      if (grnId === null && dispatchId === null) return NO_RELATIONS;
      const grn = grnId === null ? undefined : reference('grn', grnId);
      const dispatch = dispatchId === null ? undefined : reference('dispatch', dispatchId);
      if (!(grn instanceof Promise || dispatch instanceof Promise)) return relationsOf(grn, dispatch);
      return Promise.all([grn, dispatch]).then((found) => relationsOf(...found));
    },
    onChanged(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    forget() {
      for (const { stream } of dropAll()) tell(stream);
    },
    close() {
      forgetReconnections();
      for (const subscription of subscriptions) subscription.close();
      listeners.clear();
      cache.clear();
    },
  };
}

/** What deciding about a ticket needs, for the actor system. */
export function ticketContextFrom(directory: Pick<Directory, 'relations'>): ContextOf['ticket'] {
  return (ticket) => {
    const relations = directory.relations(ticket);
    return relations instanceof Promise ? relations.then((found) => ({ relations: found })) : { relations };
  };
}

function relationsOf(grn: ReferenceState | undefined, dispatch: ReferenceState | undefined): TicketRelations {
  const vendorIds = [grn?.vendorId, dispatch?.vendorId].filter((id) => id !== undefined && id !== null);
  return {
    vendorIds: [...new Set(vendorIds)],
    ...(typeof grn?.verifiedBy === 'string' && { grnVerifiedBy: grn.verifiedBy }),
  };
}
