/** The requests of a client to join a stream or its inbox, and the answers to them. */
import type { LatestMessages } from '../../application/messages.ts';
import type { Wire } from './dialect.ts';

/** The kinds of streams that clients can join. */
export type LiveKind = 'ticket' | 'room';

/** The reason why a replay does not continue where the client was. */
export type Break = 'too_old' | 'epoch' | 'access';

/** A ticket by id or number, or a room by name, as the client gave it. */
export interface Place {
  readonly kind: LiveKind;
  readonly id: string | number;
}

export interface JoinRequest extends Place {
  /** The last version that the client has. */
  readonly after?: number | undefined;
  readonly epoch?: string | undefined;
  /** Whether the client has internal notes up to `after`, if the client says so. */
  readonly internal?: boolean | undefined;
  /** The start for a client that cannot continue: the latest page of a ticket, the latest events of a room, or now. */
  readonly otherwise: 'page' | 'latest' | 'now';
}

/** The state of a client that has joined a stream. */
export interface Joined {
  readonly id: string;
  /** The last version of the replay. */
  readonly version: number;
  readonly epoch: string;
  /** True when the replay continues where the client was. */
  readonly recovered: boolean;
  /** Whether the client receives internal notes. */
  readonly internal: boolean;
}

export interface Arrival extends Joined {
  /** Set when the client gave a version and the replay does not continue from it. */
  readonly broken: Break | undefined;
  /** The replay, up to `version`, in order. */
  readonly wires: readonly Wire[];
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
  /** The reason why the replay cannot continue from `after`, when it is known before. */
  readonly broken?: Break | undefined;
}

/** The state of a client that has joined its inbox. */
export interface InboxArrival {
  /** The last seq of the replay. */
  readonly seq: number;
  readonly recovered: boolean;
  /** Set when the client gave a seq and the replay does not continue from it. */
  readonly broken: Break | undefined;
  readonly internal: boolean;
  readonly wires: readonly Wire[];
}
