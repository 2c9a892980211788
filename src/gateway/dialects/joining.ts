/**
 * The types of a join, shared by the dialects and the gateway: the request to join a stream or the inbox, and its
 * result. Each dialect makes its own answer from the result: see `welcome` in `chat.ts`, `rooms.ts` and `stream.ts`.
 */
import type { LatestMessages } from '../../application/messages.ts';
import type { Wire } from './dialect.ts';

/** The kinds of streams that clients can join. */
export type LiveKind = 'ticket' | 'room';

/**
 * The reason why a replay does not continue after the version that the client gave. `too_old`: it missed more than the
 * replay limit. `epoch`: the version belongs to another history of the log. `access`: the user may see more, or less,
 * than when the client loaded its state.
 */
export type Break = 'too_old' | 'epoch' | 'access';

/** A ticket by id or number, or a room by name, as the client gave it. */
export interface Place {
  readonly kind: LiveKind;
  readonly id: string | number;
}

export interface JoinRequest extends Place {
  /** The last version that the client has. Without it, the client gets the start that `otherwise` names. */
  readonly after?: number | undefined;
  /** The epoch of `after`. Without it, `after` is taken for one of the present epoch. */
  readonly epoch?: string | undefined;
  /** Whether the client has internal notes up to `after`, if the client says so. */
  readonly internal?: boolean | undefined;
  /** Where a client starts that does not continue: at a ticket's latest page, at the stream's latest events, or now. */
  readonly otherwise: 'page' | 'latest' | 'now';
}

/** The state of a client that has joined a stream. */
export interface Joined {
  readonly id: string;
  /** The last version that the client has after the replay. */
  readonly version: number;
  readonly epoch: string;
  /** True when the replay continues after the version that the client gave. */
  readonly recovered: boolean;
  /** Whether the client receives internal notes. */
  readonly internal: boolean;
}

/** The first things that a client gets when it joins a stream, for `welcome`. */
export interface Arrival extends Joined {
  /** Set when the client gave a version and the replay does not continue from it. */
  readonly broken: Break | undefined;
  /** The replay, up to `version`, in order. */
  readonly wires: readonly Wire[];
  /** The latest page of a ticket, for a client that starts with one. The replay comes after it. */
  readonly page: LatestMessages | undefined;
}

/** The membership of a client in a stream. */
export interface Membership {
  /** The ticket's id or the room's name. */
  readonly id: string;
  /** Whether the client receives internal notes. */
  readonly internal: boolean;
}

export interface InboxRequest {
  /** The last seq that the client has. Without it, nothing is replayed. */
  readonly after: number | undefined;
  /** Whether the client has internal notes up to `after`, if the client says so. */
  readonly internal?: boolean | undefined;
  /** The number of notifications that had left the inbox when the client got `after`, if the client says so. */
  readonly removed?: number | undefined;
  /** Set when the dialect knows already that the replay cannot continue from `after`. */
  readonly broken?: Break | undefined;
}

/** The first things that a client gets when it joins its inbox, for `welcome`. */
export interface InboxArrival {
  /** The last seq that the client has after the replay. */
  readonly seq: number;
  /** True when the replay continues after the seq that the client gave. */
  readonly recovered: boolean;
  /** Set when the client gave a seq and the replay does not continue from it. */
  readonly broken: Break | undefined;
  /** Whether the client receives previews of internal notes. */
  readonly internal: boolean;
  /** The number of notifications that have left the inbox. */
  readonly removed: number;
  /** The replay, up to `seq`, in order. */
  readonly wires: readonly Wire[];
}
