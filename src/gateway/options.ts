/** Every limit and interval of the gateway. Times are in milliseconds unless a name says otherwise. */
import type { UnauthenticatedLimits } from './connection/unauthenticated.ts';

export interface GatewayOptions {
  /**
   * The number of missed events in a replay, at most. A client that missed more gets the start its dialect asks for.
   */
  readonly replayLimit: number;
  /**
   * The number of messages in a joined ticket's first page, and of a room's events for clients that missed too much.
   */
  readonly historySize: number;
  /** The number of latest events that each live stream keeps in memory for replays. */
  readonly ringSize: number;
  /** The number of events of one stream that may wait for an earlier one. */
  readonly waitingLimit: number;
  /** The number of events in one read of the log, at most. */
  readonly readLimit: number;
  /** The time in which a gap may close by itself before the log is read. */
  readonly gapDelay: number;
  /** The longest pause between attempts to read the log. */
  readonly maxPause: number;
  /** The time after which a stream opens although the broker has not registered its subscription. */
  readonly registrationTimeout: number;
  /** Attempts in a row without progress before a joining client is refused. */
  readonly attempts: number;
  /** The time for which a stream without members stays open: a user who changes the page often comes back. */
  readonly linger: number;
  /** The interval at which idle streams are compared with the log. */
  readonly headCheckEvery: number;
  /** The interval at which inboxes are compared with the read model. */
  readonly inboxCheckEvery: number;
  /** The interval at which the users of the sockets are looked up again, in case a change was missed. */
  readonly userCheckEvery: number;
  /** The least time between two sends of changed tickets to the clients that follow all tickets. */
  readonly ticketChangesEvery: number;
  /** The time after which typing ends without a further signal. */
  readonly typingExpires: number;
  /** The number of characters and values in one client event, at most, counted together. */
  readonly maxEventSize: number;
  /**
   * The number of bytes in one transport frame of an authenticated connection, at most. A larger frame closes the
   * connection.
   */
  readonly maxFrameBytes: number;
  /** What a connection may do and take before it has an authenticated namespace, and when it has none any more. */
  readonly unauthenticated: UnauthenticatedLimits & {
    /** The number of these connections at once, in this process. */
    readonly most: number;
  };
  /** The number of tickets and rooms that a socket may join, over all dialects. */
  readonly streamsPerSocket: number;
  readonly socketsPerUser: number;
  /** The number of bytes that may wait for one connection. With more, it is cut off as a slow consumer. */
  readonly outboundLimit: number;
  /** The number of reads of the past that run at once, and of those that may wait. */
  readonly replays: { readonly atOnce: number; readonly waiting: number };
  /** The rate of new connections to this process. */
  readonly admission: Rate | 'off';
  /** The number of client events of one socket that may be in progress. */
  readonly inProgressPerSocket: number;
  /** The rate of client events, and of a user's refused events: beyond that, the connection ends. */
  readonly rate: { readonly socket: Rate; readonly user: Rate; readonly refusals: Rate } | 'off';
  /** The time in which clients come back after a drain, each at a random moment. */
  readonly drainSpread: number;
  readonly corsOrigins: readonly string[];
  /** Addresses and networks of the proxies that are trusted to report a client's address. */
  readonly trustProxy: readonly string[];
}

export interface Rate {
  /** The number that may come at once. */
  readonly burst: number;
  readonly perSecond: number;
}

export const defaultOptions: GatewayOptions = {
  replayLimit: 1_000,
  historySize: 50,
  ringSize: 128,
  waitingLimit: 512,
  readLimit: 500,
  gapDelay: 20,
  maxPause: 2_000,
  registrationTimeout: 500,
  attempts: 6,
  linger: 5_000,
  headCheckEvery: 3_000,
  inboxCheckEvery: 30_000,
  userCheckEvery: 10_000,
  ticketChangesEvery: 300,
  typingExpires: 6_000,
  maxEventSize: 256 * 1024,
  maxFrameBytes: 4 * 1024 * 1024,
  // A token has 16 KiB, at most.
  unauthenticated: { time: 15_000, attempts: 20, frameBytes: 24 * 1024, most: 2_000 },
  streamsPerSocket: 100,
  socketsPerUser: 50,
  outboundLimit: 1024 * 1024,
  replays: { atOnce: 200, waiting: 2_000 },
  admission: { burst: 400, perSecond: 200 },
  inProgressPerSocket: 200,
  rate: {
    socket: { burst: 500, perSecond: 100 },
    user: { burst: 1_000, perSecond: 200 },
    refusals: { burst: 2_000, perSecond: 20 },
  },
  drainSpread: 5_000,
  corsOrigins: [],
  trustProxy: [],
};
