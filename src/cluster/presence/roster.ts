/**
 * Counts the users of each place. A user is counted once per socket in a process, and once per process in the cluster.
 * The user joins with the first `enter` and has left after as many calls of `leave`.
 */

/** `online` (connected), a ticket, or a room. */
export type Place = 'online' | `ticket:${string}` | `room:${string}`;

export interface Person {
  readonly id: string;
  readonly name: string;
}

export type Change = 'joined' | 'left';

export interface Roster {
  enter(place: Place, person: Person): void;
  /** Does nothing if the user is not there. */
  leave(place: Place, userId: string): void;
  has(place: Place, userId: string): boolean;
  /** The number of users there. */
  count(place: Place): number;
  /** The number of rooms with users. */
  readonly rooms: number;
}

interface Entry {
  readonly person: Person;
  times: number;
}

export function createRoster(onChanged: (place: Place, person: Person, change: Change) => void): Roster {
  const places = new Map<Place, Map<string, Entry>>();
  let rooms = 0;
  return {
    enter(place, person) {
      let there = places.get(place);
      if (there === undefined) {
        there = new Map();
        places.set(place, there);
        if (isRoom(place)) rooms += 1;
      }
      const entry = there.get(person.id);
      if (entry !== undefined) {
        entry.times += 1;
        return;
      }
      there.set(person.id, { person, times: 1 });
      onChanged(place, person, 'joined');
    },
    leave(place, userId) {
      const there = places.get(place);
      const entry = there?.get(userId);
      if (there === undefined || entry === undefined) return;
      entry.times -= 1;
      if (entry.times > 0) return;
      there.delete(userId);
      if (there.size === 0) {
        places.delete(place);
        if (isRoom(place)) rooms -= 1;
      }
      onChanged(place, entry.person, 'left');
    },
    has: (place, userId) => places.get(place)?.has(userId) === true,
    count: (place) => places.get(place)?.size ?? 0,
    get rooms() {
      return rooms;
    },
  };
}

export function isRoom(place: Place): boolean {
  return place.startsWith('room:');
}
