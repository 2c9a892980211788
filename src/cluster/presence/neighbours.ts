/**
 * Who is with the other processes, as far as they told: the notices of each, counted for as long as it is heard of.
 * What its owner no longer renews is forgotten, so nothing wrong stays. Somebody who is with two of them is there once.
 */
import { type Content, noticeIn } from './notice.ts';
import { isRoom, type Person, type Place } from './roster.ts';

export interface Neighbours {
  /** A notice, from whomever. Throws when it cannot be read. */
  hear(text: string): void;
  /** Counts a process in, or out with everyone who is with it. */
  heardOf(node: string): void;
  leftOut(node: string): void;
  /** Forgets what has not been renewed since `time`. */
  forgetBefore(time: number): void;
}

interface Parts {
  readonly self: string;
  /** Milliseconds of a clock that only goes forward. */
  readonly clock: () => number;
  enter(place: Place, person: Person): void;
  leave(place: Place, userId: string): void;
}

interface Told {
  readonly number: number;
  readonly content: Content;
  renewed: number;
}

interface Neighbour {
  counted: boolean;
  readonly shards: Map<number, Told>;
}

const NOTHING: Content = new Map();

export function createNeighbours({ self, clock, enter, leave }: Parts): Neighbours {
  const neighbours = new Map<string, Neighbour>();

  function neighbour(node: string): Neighbour {
    const known = neighbours.get(node) ?? { counted: false, shards: new Map<number, Told>() };
    neighbours.set(node, known);
    return known;
  }

  /** Whoever comes first comes before others go: nobody is gone for a moment. */
  function change(before: Content, after: Content): void {
    each(after, before, (place, id, name) => enter(place, { id, name }));
    each(before, after, (place, id) => leave(place, id));
  }

  return {
    hear(text) {
      const notice = noticeIn(text);
      if (notice === undefined) throw new Error('this is not a notice of who is present');
      const { node, shard, number } = notice;
      if (node === self) return;
      const { counted, shards } = neighbour(node);
      const told = shards.get(shard);
      if (told !== undefined && told.number >= number) {
        if (told.number === number) told.renewed = clock();
        return;
      }
      const content = notice.content();
      shards.set(shard, { number, content, renewed: clock() });
      if (counted) change(told?.content ?? NOTHING, content);
    },
    heardOf(node) {
      const known = neighbour(node);
      if (known.counted) return;
      known.counted = true;
      for (const { content } of known.shards.values()) change(NOTHING, content);
    },
    leftOut(node) {
      const known = neighbours.get(node);
      if (known?.counted !== true) return;
      known.counted = false;
      for (const { content } of known.shards.values()) change(content, NOTHING);
    },
    forgetBefore(time) {
      for (const [node, { counted, shards }] of neighbours) {
        for (const [shard, { content, renewed }] of shards) {
          if (renewed >= time) continue;
          shards.delete(shard);
          if (counted) change(content, NOTHING);
        }
        if (!counted && shards.size === 0) neighbours.delete(node);
      }
    },
  };
}

/** Calls back for everyone in `these` who is not in `those`. */
function each(these: Content, those: Content, then: (place: Place, id: string, name: string) => void): void {
  for (const [place, people] of these) {
    for (const [id, name] of people) if (those.get(place)?.has(id) !== true) then(place, id, name);
  }
}

/** Of those who are in a room nothing is told but that there are some. */
export function asTold(place: Place, person: Person): Person {
  return isRoom(place) ? { id: '', name: '' } : person;
}
