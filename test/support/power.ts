/** Power over the life of a server that a test started. Port and store stay the same throughout. */
export interface Power extends AsyncDisposable {
  readonly url: string;
  /** Graceful. */
  stop(): Promise<void>;
  /** As `kill -9`. */
  kill(): Promise<void>;
  /** Resolves when it answers again; does nothing when it runs. */
  start(): Promise<void>;
}

/** A server that can also be kept from doing anything, its connections open, until it is resumed. */
export interface PausablePower extends Power {
  pause(): Promise<void>;
  resume(): Promise<void>;
}

/** What a PostgreSQL keeps when it is killed: nothing in particular, or what it acknowledged. */
export type Durability = 'forgetful' | 'durable';

/** Nothing in a test run needs to survive a power failure. */
export function postgresSettings(durability: Durability): Readonly<Record<string, string>> {
  return {
    fsync: 'off',
    synchronous_commit: durability === 'durable' ? 'on' : 'off',
    full_page_writes: 'off',
    max_connections: '1000',
    shared_buffers: '128MB',
    max_wal_size: '2GB',
  };
}
