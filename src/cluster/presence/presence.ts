/**
 * Presence in the whole cluster: connected users, and users in tickets and rooms. Each process publishes its own users
 * in notices on a board of the broker, and receives the notices of the others. The users of a process count while it
 * announces itself: they leave within seconds after a crash, and at once after a shutdown. Every process sends the
 * changes of the whole cluster to its own sockets. A user with two devices joins and leaves once, on any processes.
 *
 * The presence of other processes may be late, but not by more than a renewal: each notice is published again every ten
 * seconds. A notice that is not is forgotten, here and by the board. See docs/decisions/0026.
 */
import type { Broker } from '../../broker/port.ts';
import { createNodeView } from '../node-view.ts';
import { asPublished, createNeighbours } from './neighbours.ts';
import { type Content, SHARDS, shardOf, textOf } from './notice.ts';
import { type Change, createRoster, type Person, type Place } from './roster.ts';

export interface Presence {
  /** A socket of this process enters a place. */
  enter(place: Place, person: Person): void;
  leave(place: Place, userId: string): void;
  /** Calls `listener` when a user joined or left a place, cluster-wide. The result ends that. */
  follow(listener: (place: Place, person: Person, change: Change) => void): () => void;
  /** Those of `userIds` that have a socket at any process. */
  online(userIds: readonly string[]): ReadonlySet<string>;
  /** Connected users of all processes. */
  readonly users: number;
  /** Rooms with users, of all processes. */
  readonly rooms: number;
  /** The id of this process. */
  readonly self: string;
  /** The ids of the other processes with sockets. */
  readonly others: readonly string[];
  /** Announces this process, so that its users count for the others. Before that it only receives. */
  join(): void;
  /** Removes the notices of this process from the board. Never rejects. */
  close(): Promise<void>;
}

export interface PresenceDeps {
  /** The id of this process; new at each start. */
  readonly self: string;
  readonly broker: Pick<Broker, 'board' | 'signals' | 'onReconnected' | 'connected'>;
  /** Unix time in milliseconds. */
  readonly now: () => number;
  /** Milliseconds of a monotonic clock. */
  readonly clock: () => number;
  readonly log: {
    info(details: object, message: string): void;
    warn(details: object, message: string): void;
  };
  readonly paces?: PresencePaces;
}

/** What a failure concerned: notices that are received, published, or read from the board. */
type Activity = 'received' | 'published' | 'read';

/** Milliseconds. */
export interface PresencePaces {
  /** A process without announcements for this long does not count. */
  readonly silentAfter: number;
  /** A notice expires after this time. It is published again three times as often. */
  readonly keptFor: number;
}

const DEFAULT_PACES: PresencePaces = { silentAfter: 5_000, keptFor: 30_000 };
/** Milliseconds between two rounds of renewing and forgetting notices. */
const ROUND_EVERY = 1_000;
/** Characters of a notice; well below the broker's limit. */
const NOTICE_LIMIT = 512 * 1024;

export function createPresence({ self, broker, now, clock, log, paces }: PresenceDeps): Presence {
  const { silentAfter, keptFor } = { ...DEFAULT_PACES, ...paces };
  const listeners = new Set<(place: Place, person: Person, change: Change) => void>();
  const everywhere = createRoster((place, person, change) => {
    for (const listener of listeners) listener(place, person, change);
  });
  const here = createRoster(changedHere);
  const neighbours = createNeighbours({ self, clock, enter: everywhere.enter, leave: everywhere.leave });
  const own = new Map<number, { number: number; readonly content: Content }>();
  const pending = new Set<number>();
  let publishing = false;
  const failing = new Set<Activity>();
  let closed = false;
  let unread = true;
  let rounds = 0;
  let lastRoundAt = clock();
  /** Since this time notices of other processes have been received without an interruption. */
  let receivingSince = lastRoundAt;

  const view = createNodeView({
    ...{ self, broker, now, clock, silentAfter, log },
    code: 'sockets',
    topic: ['sockets'],
    onChanged: (node, change) => (change === 'added' ? neighbours.add(node) : neighbours.remove(node)),
  });
  const board = broker.board('presence', { keptFor, onPut: receive });
  const timer = setInterval(startRound, ROUND_EVERY).unref();
  const stopReconnected = broker.onReconnected(() => {
    receivingSince = clock();
    unread = true;
    renewAll();
    startRound();
  });
  board.ready.then(startRound, (error: unknown) => report('received', error));

  function receive(text: string): void {
    try {
      neighbours.receive(text);
    } catch (error) {
      report('received', error);
    }
  }

  /** Logs a failure once, until the same activity succeeds again: each is tried every second. */
  function report(activity: Activity, error: unknown): void {
    if (!failing.has(activity)) log.warn({ err: error }, `presence cannot be ${activity} in full`);
    failing.add(activity);
  }

  function changedHere(place: Place, person: Person, change: Change): void {
    const shard = shardOf(place, person);
    const notice = own.get(shard) ?? { number: 0, content: new Map() };
    own.set(shard, notice);
    const people = notice.content.get(place) ?? new Map<string, string>();
    if (change === 'joined') {
      people.set(person.id, person.name);
      notice.content.set(place, people);
      everywhere.enter(place, person);
    } else {
      people.delete(person.id);
      if (people.size === 0) notice.content.delete(place);
      everywhere.leave(place, person.id);
    }
    notice.number += 1;
    pending.add(shard);
    publishSoon();
  }

  /** Publishes once per event-loop turn, even after several changes. */
  function publishSoon(): void {
    if (publishing || closed || pending.size === 0) return;
    publishing = true;
    setImmediate(() => void publishPending());
  }

  /** Publishes all changed notices together, until none is left. After a failure the rest waits for the next round. */
  async function publishPending(): Promise<void> {
    let failed = false;
    while (pending.size > 0 && !closed && !failed && broker.connected) {
      const batch = [...pending];
      pending.clear();
      const results = await Promise.allSettled(batch.map(publish));
      for (const [index, result] of results.entries()) {
        if (result.status === 'fulfilled') continue;
        failed = true;
        pending.add(batch[index] ?? 0);
        report('published', result.reason);
      }
      if (!failed) failing.delete('published');
      // If the board lost one notice, it may have lost all.
      if (failed) renewAll();
    }
    publishing = false;
  }

  async function publish(shard: number): Promise<void> {
    const notice = own.get(shard);
    if (notice === undefined) return;
    const text = textOf(self, shard, notice.number, notice.content);
    if (text.length > NOTICE_LIMIT)
      log.warn({ shard, size: text.length }, 'a notice of presence is too large and is not published');
    else await board.put(keyOf(shard), text);
  }

  function renewAll(): void {
    for (const [shard, { content }] of own) if (content.size > 0) pending.add(shard);
  }

  function keyOf(shard: number): string {
    return `${self}-${shard}`;
  }

  function startRound(): void {
    const time = clock();
    // This process was stopped for a while: notices that it receives now have waited.
    if (time - lastRoundAt > 2 * ROUND_EVERY) receivingSince = time;
    lastRoundAt = time;
    if (!broker.connected) return;
    if (time - receivingSince > keptFor) neighbours.forgetBefore(time - keptFor);
    const perRenewal = Math.max(1, Math.floor(keptFor / 3 / ROUND_EVERY));
    for (let shard = rounds % perRenewal; shard < SHARDS; shard += perRenewal) {
      if ((own.get(shard)?.content.size ?? 0) > 0) pending.add(shard);
    }
    rounds += 1;
    publishSoon();
    if (unread) void read();
  }

  async function read(): Promise<void> {
    unread = false;
    try {
      for (const text of await board.read()) receive(text);
      failing.delete('read');
    } catch (error) {
      unread = true;
      report('read', error);
    }
  }

  return {
    self,
    enter: (place, person) => here.enter(place, asPublished(place, person)),
    leave: (place, userId) => here.leave(place, asPublished(place, { id: userId, name: '' }).id),
    follow(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    online: (userIds) => new Set(userIds.filter((id) => everywhere.has('online', id))),
    get users() {
      return everywhere.count('online');
    },
    get rooms() {
      return everywhere.rooms;
    },
    get others() {
      return view.others;
    },
    join: view.join,
    async close() {
      closed = true;
      clearInterval(timer);
      stopReconnected();
      view.leave();
      view.close();
      if (broker.connected) await Promise.allSettled([...own.keys()].map((shard) => board.remove(keyOf(shard))));
      board.close();
    },
  };
}
