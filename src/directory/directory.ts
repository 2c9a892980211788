/**
 * Users and references by id, cached in memory and updated by their live events. Access decisions, the gateway and the
 * API look them up for nearly every request.
 *
 * Live events may be lost, repeated or reordered, so versions are checked. The next version is folded into the entry.
 * An older version is ignored. A gap drops the entry. A load that an event overtook is repeated, and its result is not
 * cached. A lost event shows no gap until the next event. So all entries are dropped after a reconnection, and an entry
 * that is older than `maxAge` is compared with the log in the background when it is used.
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
  /** The id in the stream's name; for a reference `<type>-<id>`. */
  readonly id: string;
}

export interface Directory {
  /** Undefined if no user is registered under this id. Deactivated users are returned with `active: false`. */
  user(id: string): UserFacts | undefined | Promise<UserFacts | undefined>;
  /** The user, if the cache has them. */
  cachedUser(id: string): UserFacts | undefined;
  /** Undefined if the reference was never set. */
  reference(type: ReferenceType, id: string): ReferenceState | undefined | Promise<ReferenceState | undefined>;
  /** The relations of a ticket with these references. */
  relations(ticket: {
    readonly grnId: string | null;
    readonly dispatchId: string | null;
  }): TicketRelations | Promise<TicketRelations>;
  /**
   * Calls `listener` after a user or reference changed and the cache has the change; sometimes twice for one change.
   * After a disconnection it is called for the changes of cached entries.
   */
  onChanged(listener: (change: DirectoryChange) => void): () => void;
  /** Drops all entries and notifies the listeners: history was replaced (a new epoch). */
  forget(): void;
  close(): void;
}

export interface DirectoryDeps {
  readonly reader: Pick<EventReader, 'readStreams' | 'readVersions' | 'readCommands'>;
  readonly snapshots: Pick<SnapshotStore, 'load'>;
  readonly broker: { readonly live: Pick<Broker['live'], 'subscribeKind'> } & Pick<Broker, 'onReconnected'>;
  /** Unix time in milliseconds. */
  readonly now: () => number;
  readonly log: Log;
  /** Users and references in the cache; 20,000 when absent. */
  readonly entries?: number;
  /** Milliseconds after which an entry in use is compared with the log; 15,000 when absent. */
  readonly maxAge?: number;
}

interface Entry extends Folded {
  readonly stream: Stream;
  /** UserFacts or ReferenceState. */
  readonly facts: unknown;
  /** Unix time in milliseconds. */
  checkedAt: number;
}

interface Load {
  readonly entry: Promise<Entry | undefined>;
  /** The newest version of which an event arrived during the load. */
  newest: number;
}

interface KindLogic {
  readonly logic: Logic;
  /** Undefined if the user or reference does not exist. */
  readonly factsOf: (state: unknown) => unknown;
}

const NO_RELATIONS: TicketRelations = { vendorIds: [] };
/** Loads of an entry that events keep overtaking. The result of the last one is returned but not cached. */
const MAX_LOADS = 3;
/** Events of a user's inbox and sign-ins, which do not change the user's facts. */
const WITHOUT_FACTS: ReadonlySet<string> = new Set([
  'NotificationSent',
  'NotificationsRead',
  'AllNotificationsRead',
  'InboxSeen',
  'AccountActivityRecorded',
]);

export function createDirectory(deps: DirectoryDeps): Directory {
  const { broker, now, log, entries = 20_000, maxAge = 15_000 } = deps;
  const kinds: Readonly<Record<DirectoryChange['kind'], KindLogic>> = {
    user: { logic: userDecider, factsOf: (state) => userFactsOf(state as UserState) },
    reference: {
      logic: referenceDecider,
      factsOf: (state) => ((state as ReferenceState).exists ? state : undefined),
    },
  };
  const reads = createLogReads(deps.reader);
  const activation = createActivation({ reads, snapshots: deps.snapshots, log });
  const cache = new LRUCache<Stream, Entry>({ max: entries });
  const loading = new Map<Stream, Load>();
  const listeners = new Set<(change: DirectoryChange) => void>();
  /** Counts the times that all entries were dropped. */
  let generation = 0;

  function cached(stream: Stream): Entry | undefined {
    const entry = cache.get(stream);
    if (entry !== undefined && now() - entry.checkedAt >= maxAge) void compare(entry);
    return entry;
  }

  function lookUp(kind: DirectoryChange['kind'], id: string): unknown {
    const stream = streamOf(kind, id);
    const entry = cached(stream);
    if (entry !== undefined) return entry.facts;
    if (!isKey(id)) return undefined;
    let current = loading.get(stream);
    if (current === undefined) {
      current = { entry: load(kind, stream).finally(() => loading.delete(stream)), newest: 0 };
      loading.set(stream, current);
    }
    return current.entry.then((loaded) => loaded?.facts);
  }

  async function load(kind: DirectoryChange['kind'], stream: Stream): Promise<Entry | undefined> {
    const { logic, factsOf } = kinds[kind];
    for (let loads = 1; ; loads++) {
      const started = generation;
      const { state, version } = await activation.load(stream, logic);
      const overtaken = generation !== started || version < (loading.get(stream)?.newest ?? 0);
      if (overtaken && loads < MAX_LOADS) continue;
      const facts = factsOf(state);
      if (facts === undefined) return undefined;
      const entry: Entry = { stream, state, version, facts, checkedAt: now() };
      if (!overtaken) cache.set(stream, entry);
      return entry;
    }
  }

  function onEvent(kind: DirectoryChange['kind'], event: RecordedEvent): void {
    const load = loading.get(event.stream);
    if (load !== undefined) load.newest = Math.max(load.newest, event.version);
    const entry = cache.peek(event.stream);
    if (entry !== undefined && event.version > entry.version) advance(kind, entry, event);
    if (!WITHOUT_FACTS.has(event.type)) notify(event.stream);
  }

  function advance(kind: DirectoryChange['kind'], entry: Entry, event: RecordedEvent): void {
    const { logic, factsOf } = kinds[kind];
    cache.delete(entry.stream);
    if (event.version !== entry.version + 1) return;
    const folded = foldEvents(logic, entry, [event]);
    cache.set(entry.stream, { ...entry, ...folded, facts: factsOf(folded.state) });
  }

  function notify(stream: Stream): void {
    const { kind, id } = parseStream(stream);
    for (const listener of listeners) listener({ kind: kind === 'user' ? kind : 'reference', id });
  }

  /** Drops an entry and notifies the listeners if the log has a newer version. */
  async function compare(entry: Entry): Promise<void> {
    entry.checkedAt = now();
    try {
      const version = await reads.versionOf(entry.stream);
      if (version === entry.version) return;
      const held = cache.peek(entry.stream);
      if (held === entry || (held !== undefined && held.version < version)) cache.delete(entry.stream);
      notify(entry.stream);
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

  /** Drops all entries, because events may have been missed, and notifies the listeners of those that changed. */
  function compareAll(): void {
    for (const entry of dropAll()) void compare(entry);
  }

  function reference(type: ReferenceType, id: string) {
    return lookUp('reference', referenceStreamId(type, id)) as ReturnType<Directory['reference']>;
  }

  const subscriptions = (['user', 'reference'] as const).map((kind) =>
    broker.live.subscribeKind(kind, (event) => onEvent(kind, event)),
  );
  const stopReconnected = broker.onReconnected(compareAll);
  // Events of entries that were loaded before the subscriptions were ready may have been missed.
  for (const { ready } of subscriptions) {
    ready.then(compareAll, (error) => log.error({ err: error }, 'directory not subscribed to changes'));
  }

  return {
    user: (id) => lookUp('user', id) as ReturnType<Directory['user']>,
    cachedUser: (id) => cached(streamOf('user', id))?.facts as UserFacts | undefined,
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
      for (const { stream } of dropAll()) notify(stream);
    },
    close() {
      stopReconnected();
      for (const subscription of subscriptions) subscription.close();
      listeners.clear();
      cache.clear();
    },
  };
}

/** Looks up the decision context of a ticket, for the actor system. */
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
