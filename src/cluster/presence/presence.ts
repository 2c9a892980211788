/**
 * Who is connected, and who is in which ticket, over all processes. Each process puts up who is with it, in notices on
 * a board that the broker keeps, and hears those of the others. It counts a process for as long as it announces itself,
 * so the users of one that died are gone within seconds, and those of one that leaves at once. Every process tells its
 * own sockets what changed for the whole cluster: somebody on two devices, wherever these are, comes and goes once.
 *
 * What others see may lag behind by moments, and never for longer than a renewal: each notice is put up again every ten
 * seconds, and one that is not is forgotten, here and by the board. See docs/decisions/0026.
 */

import type { Broker } from '../../broker/port.ts';
import { createNodeView } from '../node-view.ts';
import { asTold, createNeighbours } from './neighbours.ts';
import { type Content, SHARDS, shardOf, textOf } from './notice.ts';
import { type Change, createRoster, type Person, type Place } from './roster.ts';

export interface Presence {
  /** A socket of this process comes to a place. */
  enter(place: Place, person: Person): void;
  leave(place: Place, userId: string): void;
  /** Calls back when somebody came to a place or went, as the cluster sees it. Returns what ends that. */
  follow(listener: (place: Place, person: Person, change: Change) => void): () => void;
  /** Those of these users who have a socket open anywhere. */
  online(userIds: readonly string[]): ReadonlySet<string>;
  /** Of all processes. */
  readonly users: number;
  readonly rooms: number;
  /** This process, and the others that have sockets. */
  readonly self: string;
  readonly others: readonly string[];
  /** Has the others count this process, and ask it. Without, it only looks on. */
  join(): void;
  /** Takes down what this process put up. Never rejects. */
  close(): Promise<void>;
}

export interface PresenceParts {
  /** Of this process: a new id for each start. */
  readonly self: string;
  readonly broker: Pick<Broker, 'board' | 'signals' | 'onReconnected' | 'connected'>;
  /** Unix time in milliseconds. */
  readonly now: () => number;
  /** Milliseconds of a clock that only goes forward. */
  readonly clock: () => number;
  readonly log: {
    info(details: object, message: string): void;
    warn(details: object, message: string): void;
  };
  readonly paces?: PresencePaces;
}

/** Milliseconds. */
export interface PresencePaces {
  /** A process of which nothing is heard for this long is not counted. */
  readonly silentAfter: number;
  /** A notice is kept for this long, and put up again three times meanwhile. */
  readonly keptFor: number;
}

const DEFAULT_PACES: PresencePaces = { silentAfter: 5_000, keptFor: 30_000 };
/** Milliseconds from one look at what is to be renewed, or forgotten, to the next. */
const LOOK_EVERY = 1_000;
/** Characters of a notice, well within what the broker takes. */
const NOTICE_LIMIT = 512 * 1024;

export function createPresence({ self, broker, now, clock, log, paces }: PresenceParts): Presence {
  const { silentAfter, keptFor } = { ...DEFAULT_PACES, ...paces };
  const listeners = new Set<(place: Place, person: Person, change: Change) => void>();
  const everywhere = createRoster((place, person, change) => {
    for (const listener of listeners) listener(place, person, change);
  });
  const here = createRoster(changedHere);
  const neighbours = createNeighbours({ self, clock, enter: everywhere.enter, leave: everywhere.leave });
  const own = new Map<number, { number: number; readonly content: Content }>();
  const unsaid = new Set<number>();
  let saying = false;
  const failing = new Set<'heard' | 'put up' | 'read'>();
  let closed = false;
  let unread = true;
  let looks = 0;
  let lookedAt = clock();
  /** Before this nothing could be heard, for whatever reason. */
  let hearingSince = lookedAt;

  const view = createNodeView({
    ...{ self, broker, now, clock, silentAfter, log },
    code: 'sockets',
    topic: ['sockets'],
    onChanged: (node, change) => (change === 'heard' ? neighbours.heardOf(node) : neighbours.leftOut(node)),
  });
  const board = broker.board('presence', { keptFor, onPut: hear });
  const timer = setInterval(look, LOOK_EVERY).unref();
  const stopReconnected = broker.onReconnected(() => {
    hearingSince = clock();
    unread = true;
    sayAll();
    look();
  });
  board.ready.then(look, (error: unknown) => report('heard', error));

  function hear(text: string): void {
    try {
      neighbours.hear(text);
    } catch (error) {
      report('heard', error);
    }
  }

  /** Once, until it works again: it is tried every second. */
  function report(what: 'heard' | 'put up' | 'read', error: unknown): void {
    if (!failing.has(what)) log.warn({ err: error }, `who is present cannot be ${what} in full`);
    failing.add(what);
  }

  function changedHere(place: Place, person: Person, change: Change): void {
    const shard = shardOf(place, person);
    const told = own.get(shard) ?? { number: 0, content: new Map() };
    own.set(shard, told);
    const people = told.content.get(place) ?? new Map<string, string>();
    if (change === 'joined') {
      people.set(person.id, person.name);
      told.content.set(place, people);
      everywhere.enter(place, person);
    } else {
      people.delete(person.id);
      if (people.size === 0) told.content.delete(place);
      everywhere.leave(place, person.id);
    }
    told.number += 1;
    unsaid.add(shard);
    saySoon();
  }

  /** Once, however much changes in one turn. */
  function saySoon(): void {
    if (saying || closed || unsaid.size === 0) return;
    saying = true;
    setImmediate(() => void say());
  }

  /** Puts up what has changed, all of it together, until nothing more has. What fails waits for the next look. */
  async function say(): Promise<void> {
    let failed = false;
    while (unsaid.size > 0 && !closed && !failed && broker.connected) {
      const batch = [...unsaid];
      unsaid.clear();
      const results = await Promise.allSettled(batch.map(putUp));
      for (const [index, result] of results.entries()) {
        if (result.status === 'fulfilled') continue;
        failed = true;
        unsaid.add(batch[index] ?? 0);
        report('put up', result.reason);
      }
      if (!failed) failing.delete('put up');
      // Where one could not be kept, the others may be lost as well.
      if (failed) sayAll();
    }
    saying = false;
  }

  async function putUp(shard: number): Promise<void> {
    const told = own.get(shard);
    if (told === undefined) return;
    const text = textOf(self, shard, told.number, told.content);
    if (text.length > NOTICE_LIMIT) log.warn({ shard, size: text.length }, 'too many are present to tell of them');
    else await board.put(keyOf(shard), text);
  }

  function sayAll(): void {
    for (const [shard, { content }] of own) if (content.size > 0) unsaid.add(shard);
  }

  function keyOf(shard: number): string {
    return `${self}-${shard}`;
  }

  function look(): void {
    const time = clock();
    // This process did nothing for a while: what it hears next has waited for it.
    if (time - lookedAt > 2 * LOOK_EVERY) hearingSince = time;
    lookedAt = time;
    if (!broker.connected) return;
    if (time - hearingSince > keptFor) neighbours.forgetBefore(time - keptFor);
    const turns = Math.max(1, Math.floor(keptFor / 3 / LOOK_EVERY));
    for (let shard = looks % turns; shard < SHARDS; shard += turns) {
      if ((own.get(shard)?.content.size ?? 0) > 0) unsaid.add(shard);
    }
    looks += 1;
    saySoon();
    if (unread) void read();
  }

  async function read(): Promise<void> {
    unread = false;
    try {
      for (const text of await board.read()) hear(text);
      failing.delete('read');
    } catch (error) {
      unread = true;
      report('read', error);
    }
  }

  return {
    self,
    enter: (place, person) => here.enter(place, asTold(place, person)),
    leave: (place, userId) => here.leave(place, asTold(place, { id: userId, name: '' }).id),
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
