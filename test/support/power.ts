/** Stops, kills and starts a server that a test started. Its port and its data stay the same. */
export interface Power extends AsyncDisposable {
  readonly url: string;
  /** A graceful stop. */
  stop(): Promise<void>;
  /** The effect of `kill -9`. */
  kill(): Promise<void>;
  /** Resolves when the server answers again. Does nothing when it runs. */
  start(): Promise<void>;
}

/** A server that can also be paused: its connections stay open, and it does nothing until it is resumed. */
export interface PausablePower extends Power {
  pause(): Promise<void>;
  resume(): Promise<void>;
}

/** The commits that a killed PostgreSQL keeps: no guarantee, or all that it acknowledged. */
export type Durability = 'forgetful' | 'durable';

/** Without fsync: a test run need not survive a power failure. */
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
