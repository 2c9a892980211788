/**
 * The presence of users at the other processes, from their notices. The notices of a process count while the process is
 * in the node view. A notice that is no longer renewed is forgotten, so no wrong entry stays. A user at two processes
 * counts once.
 */
import { type Content, noticeIn } from './notice.ts';
import { isRoom, type Person, type Place } from './roster.ts';

export interface Neighbours {
  /** Takes a notice of any process; throws if it is not readable. */
  receive(text: string): void;
  /** Makes the users of a process count. */
  add(node: string): void;
  /** Makes the users of a process no longer count; its notices are kept. */
  remove(node: string): void;
  /** Forgets notices that were not renewed since `time`. */
  forgetBefore(time: number): void;
}

interface NeighboursDeps {
  readonly self: string;
  /** Milliseconds of a monotonic clock. */
  readonly clock: () => number;
  enter(place: Place, person: Person): void;
  leave(place: Place, userId: string): void;
}

interface Received {
  readonly number: number;
  readonly content: Content;
  /** By `clock`. */
  renewed: number;
}

interface Neighbour {
  counted: boolean;
  readonly shards: Map<number, Received>;
}

const EMPTY: Content = new Map();

export function createNeighbours({ self, clock, enter, leave }: NeighboursDeps): Neighbours {
  const neighbours = new Map<string, Neighbour>();

  function neighbour(node: string): Neighbour {
    const known = neighbours.get(node) ?? { counted: false, shards: new Map<number, Received>() };
    neighbours.set(node, known);
    return known;
  }

  /** Enters first, then leaves: a user who is in both is never absent for a moment. */
  function change(before: Content, after: Content): void {
    each(after, before, (place, id, name) => enter(place, { id, name }));
    each(before, after, (place, id) => leave(place, id));
  }

  return {
    receive(text) {
      const notice = noticeIn(text);
      if (notice === undefined) throw new Error('the text is not a notice of presence');
      const { node, shard, number } = notice;
      if (node === self) return;
      const { counted, shards } = neighbour(node);
      const received = shards.get(shard);
      if (received !== undefined && received.number >= number) {
        if (received.number === number) received.renewed = clock();
        return;
      }
      const content = notice.content();
      shards.set(shard, { number, content, renewed: clock() });
      if (counted) change(received?.content ?? EMPTY, content);
    },
    add(node) {
      const known = neighbour(node);
      if (known.counted) return;
      known.counted = true;
      for (const { content } of known.shards.values()) change(EMPTY, content);
    },
    remove(node) {
      const known = neighbours.get(node);
      if (known?.counted !== true) return;
      known.counted = false;
      for (const { content } of known.shards.values()) change(content, EMPTY);
    },
    forgetBefore(time) {
      for (const [node, { counted, shards }] of neighbours) {
        for (const [shard, { content, renewed }] of shards) {
          if (renewed >= time) continue;
          shards.delete(shard);
          if (counted) change(content, EMPTY);
        }
        if (!counted && shards.size === 0) neighbours.delete(node);
      }
    },
  };
}

/** Calls `then` for every user in `these` who is not in `those`. */
function each(these: Content, those: Content, then: (place: Place, id: string, name: string) => void): void {
  for (const [place, people] of these) {
    for (const [id, name] of people) if (those.get(place)?.has(id) !== true) then(place, id, name);
  }
}

/** The person as published: for a room only the fact that it is not empty is published, not who is in it. */
export function asPublished(place: Place, person: Person): Person {
  return isRoom(place) ? { id: '', name: '' } : person;
}
