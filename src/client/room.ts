/** A followed room with the messages posted in it. A room is not loaded over HTTP: its stream is the only source. */
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
  /** A new message of any user, once. */
  message: RoomMessage;
  change: RoomState;
}

export interface RoomHandle extends Listenable<RoomEvents> {
  readonly name: string;
  readonly state: RoomState;
  /** Resolves once the state is live; rejects when this user may not join. */
  ready(): Promise<void>;
  /**
   * Sends any JSON, again and again until the server has it. Rejects when the message is refused for good, or the room
   * is closed first.
   */
  send(message: unknown): Promise<void>;
  close(): void;
}

interface RoomDeps {
  readonly name: string;
  readonly link: Link;
  readonly surroundings: Surroundings;
  readonly pace: Pace;
  /** Sends a message through the outbox. */
  send(message: unknown): Promise<void>;
}

export interface RoomFollowing {
  handle(): RoomHandle;
  close(): void;
}

/** Messages to load when more were missed than the server replays. */
const LATEST = 50;

export function followRoom({ name, link, surroundings, pace, send }: RoomDeps, onUnused: () => void): RoomFollowing {
  const events = createEmitter<RoomEvents>();
  let state: RoomState = { status: 'loading', messages: [] };
  let closed = false;
  /** Messages up to this version are history or were announced before; undefined until the first subscription. */
  let announcedUpTo: number | undefined;
  /** How many of the latest messages to request. Halved each time that the server finds it too many. */
  let latest = LATEST;

  function update(changes: Partial<RoomState>): void {
    if (closed) return;
    state = { ...state, ...changes };
    events.emit('change', state);
  }

  function apply({ type, id, version, actor, time, data }: StreamEvent): void {
    if (type !== 'RoomMessagePosted' || id === null || actor === null) return;
    const who = { userId: actor.id, userName: actor.name };
    const message: RoomMessage = { id, room: name, version, message: data.message, ...who, timestamp: time };
    update({ messages: [...state.messages, message] });
    if (announcedUpTo === undefined || version <= announcedUpTo) return;
    announcedUpTo = version;
    events.emit('message', message);
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
        // Versions of a restored log start again, so the mark may go down.
        announcedUpTo = Math.min(announcedUpTo ?? version, version);
      },
    },
  });
  update({ status: follower.status });

  const shares = createShares(events, onUnused);

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
      events.clear();
    },
  };
}
