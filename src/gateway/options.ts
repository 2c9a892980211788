/** Every bound and pace of the gateway, in one place. Times are milliseconds unless a name says otherwise. */

export interface GatewayOptions {
  /** Most missed events that a socket is sent one by one; beyond, it gets the latest page. */
  readonly replayLimit: number;
  /** Messages in the first page of a joined ticket, or a room's latest events for those who missed too much. */
  readonly historySize: number;
  /** The latest events that each active stream keeps in memory for replays. */
  readonly ringSize: number;
  /** Events of one stream that may wait for an earlier one. */
  readonly waitingLimit: number;
  readonly readLimit: number;
  /** How long a gap may close by itself before the log is read. */
  readonly gapDelay: number;
  /** The longest pause between attempts to read the log. */
  readonly maxPause: number;
  /** How long opening a stream waits for the broker. */
  readonly registrationTimeout: number;
  /** Attempts for one joining socket before it is refused. */
  readonly attempts: number;
  /** How long a stream that nobody listens to stays subscribed: page changes come back at once. */
  readonly linger: number;
  /** How often the heads of idle streams are compared with the log. */
  readonly headCheckEvery: number;
  /** How often inboxes are compared with the read model. */
  readonly inboxCheckEvery: number;
  /** How often the users of the sockets are looked up again, in case a change of theirs was missed. */
  readonly userCheckEvery: number;
  /** How often those who follow all tickets are told which have changed, at most. */
  readonly ticketChangesEvery: number;
  /** Typing that nobody renews ends after this. */
  readonly typingExpires: number;
  /** Characters and values of one client event, counted together. */
  readonly maxEventSize: number;
  /** Bytes of one transport frame: above what `maxEventSize` answers, the connection closes. */
  readonly maxFrameBytes: number;
  /** Tickets and rooms, by whichever dialect. */
  readonly streamsPerSocket: number;
  readonly socketsPerUser: number;
  /** Bytes that may wait for one connection to take them; above, it is cut off as a slow consumer. */
  readonly outboundLimit: number;
  /** Sockets that read the past at once, and that wait to. */
  readonly replays: { readonly atOnce: number; readonly waiting: number };
  /** New connections to this process. */
  readonly admission: Rate | 'off';
  /** Client events of one socket that may be in progress. */
  readonly inProgressPerSocket: number;
  readonly rate: { readonly socket: Rate; readonly user: Rate } | 'off';
  /** On a drain, clients are told to come back within this time, each at a moment of its own. */
  readonly drainSpread: number;
  readonly corsOrigins: readonly string[];
  /** Addresses and networks of the proxies that are believed about the client's address. */
  readonly trustProxy: readonly string[];
}

export interface Rate {
  /** As many may come at once. */
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
  streamsPerSocket: 100,
  socketsPerUser: 50,
  outboundLimit: 1024 * 1024,
  replays: { atOnce: 200, waiting: 2_000 },
  admission: { burst: 400, perSecond: 200 },
  inProgressPerSocket: 200,
  rate: { socket: { burst: 500, perSecond: 100 }, user: { burst: 1_000, perSecond: 200 } },
  drainSpread: 5_000,
  corsOrigins: [],
  trustProxy: [],
};
