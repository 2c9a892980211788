/** A room that is followed: everything said in it. A room has no load over HTTP: its stream is all there is. */
import { createBackoff, type Pace } from './backoff.ts';
import { createEmitter, type Listenable } from './emitter.ts';
import { createFollower, type FollowStatus } from './follower.ts';
import type { Link } from './link.ts';
import { createShares } from './shares.ts';
import type { Surroundings } from './surroundings.ts';
import type { RoomMessage, StreamEvent } from './types.ts';

export interface RoomState {
  readonly status: FollowStatus;
  /** Oldest first, without a gap. */
  readonly messages: readonly RoomMessage[];
}

export interface RoomEvents {
  /** A new one, of anybody, once. */
  message: RoomMessage;
  change: RoomState;
}

export interface RoomHandle extends Listenable<RoomEvents> {
  readonly name: string;
  readonly state: RoomState;
  /** Resolves once the state is live; rejects when this user is not let in. */
  ready(): Promise<void>;
  /** Any JSON. Repeated until the server has it; rejects when it is refused for good, or the room is closed first. */
  send(message: unknown): Promise<void>;
  close(): void;
}

interface Parts {
  readonly name: string;
  readonly link: Link;
  readonly surroundings: Surroundings;
  readonly pace: Pace;
  /** Repeats a request until it is answered. */
  send(message: unknown): Promise<void>;
}

export interface RoomFollowing {
  handle(): RoomHandle;
  close(): void;
}

/** Of a room in which more was missed than is replayed. */
const LATEST = 50;

export function followRoom({ name, link, surroundings, pace, send }: Parts, onUnused: () => void): RoomFollowing {
  const heard = createEmitter<RoomEvents>();
  let state: RoomState = { status: 'loading', messages: [] };
  let closed = false;
  /** What was said up to here is the past, or was heard. */
  let heardUpTo: number | undefined;
  /** How many of the latest are asked for when too many were missed: fewer each time that this is too many, too. */
  let latest = LATEST;

  function update(changes: Partial<RoomState>): void {
    if (closed) return;
    state = { ...state, ...changes };
    heard.emit('change', state);
  }

  function apply({ type, id, version, actor, time, data }: StreamEvent): void {
    if (type !== 'RoomMessagePosted' || id === null || actor === null) return;
    const who = { userId: actor.id, userName: actor.name };
    const message: RoomMessage = { id, room: name, version, message: data.message, ...who, timestamp: time };
    update({ messages: [...state.messages, message] });
    if (heardUpTo === undefined || version <= heardUpTo) return;
    heardUpTo = version;
    heard.emit('message', message);
  }

  const follower = createFollower({
    link,
    surroundings,
    backoff: createBackoff(pace, surroundings),
    source: {
      stream: `room:${name}`,
      load(_cursor, broken) {
        const version = broken === undefined ? 0 : Math.max(0, broken - latest);
        if (broken !== undefined) latest = Math.floor(latest / 2);
        return Promise.resolve({ version, epoch: undefined, take: () => update({ messages: [] }) });
      },
      apply,
      clear: () => update({ messages: [] }),
      statusChanged: (status) => update({ status }),
      subscribed(version) {
        latest = LATEST;
        // A restored log counts anew.
        heardUpTo = Math.min(heardUpTo ?? version, version);
      },
    },
  });
  update({ status: follower.status });

  const shares = createShares(heard, onUnused);

  return {
    handle: () => ({
      ...shares.take(),
      name,
      get state() {
        return state;
      },
      ready: () => follower.ready(),
      send,
    }),
    close() {
      closed = true;
      follower.close();
      heard.clear();
    },
  };
}
