/**
 * A connection to Postgres of one's own: it holds the advisory lock that makes a projection runner or the relay the
 * active one, and a runner writes on it, so that nobody writes who does not hold the lock.
 *
 * The server ends the session when it hears nothing for a few seconds: the lock of a process that was stopped, or whose
 * machine vanished, is free after that time, although its connection still looks alive. Whoever holds the session pings.
 *
 * Commits of this session are asynchronous (`synchronous_commit = off`): a crash of Postgres may lose the newest, writes
 * and checkpoint together, and they are then made again from the log, whose own commits are durable. This saves a disk
 * flush per batch, for which the appends would have to queue.
 */
import { Client, type ClientConfig } from 'pg';

export interface DedicatedConnection {
  /** Aborted when the connection is lost or closed. */
  readonly lost: AbortSignal;
  /** Runs one statement, prepared under `name` on first use. */
  query(name: string, text: string, values: readonly unknown[]): Promise<readonly unknown[]>;
  /** Runs statements without parameters, in one implicit transaction. */
  script(text: string): Promise<void>;
  /** Rejects when the session is gone; keeps the server from ending it as idle. */
  ping(): Promise<void>;
  /** Takes the advisory lock of this name if it is free. It is held until the session ends. */
  tryLock(name: string): Promise<boolean>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Milliseconds between two signs of life, and without one until the server ends the session. */
export const PING_EVERY = 1_000;
/** With the half second until another process asks for the lock, it is free within three. */
const IDLE_TIMEOUT = 2.4 * PING_EVERY;
/** A server that does not answer is a lost one: a runner steps down rather than wait for ever. */
const QUERY_TIMEOUT = 60_000;

export interface DedicatedConnectionOptions {
  /** Milliseconds without a sign of life until the server ends the session; 0 for ever. */
  readonly idleTimeout?: number;
  /** Milliseconds that a statement may take; 0 for ever. */
  readonly queryTimeout?: number;
}

/** Rejects when the server cannot be reached. */
export async function openDedicatedConnection(
  config: ClientConfig,
  applicationName: string,
  { idleTimeout = IDLE_TIMEOUT, queryTimeout = QUERY_TIMEOUT }: DedicatedConnectionOptions = {},
): Promise<DedicatedConnection> {
  const client = new Client({
    ...config,
    application_name: applicationName,
    keepAlive: true,
    connectionTimeoutMillis: 5_000,
    query_timeout: queryTimeout,
  });
  const lost = new AbortController();
  client.on('error', (error) => lost.abort(error));
  client.on('end', () => lost.abort(new Error('the connection to Postgres ended')));
  await client.connect();

  const session: DedicatedConnection = {
    lost: lost.signal,
    async query(name, text, values) {
      return (await client.query({ name, text, values: [...values] })).rows;
    },
    async script(text) {
      await client.query(text);
    },
    async ping() {
      await client.query({ name: 'ping', text: 'select' });
    },
    async tryLock(name) {
      const [row] = (
        await client.query<{ locked: boolean }>(
          "select pg_try_advisory_lock(hashtext('deskwire'), hashtext($1)) as locked",
          [name],
        )
      ).rows;
      return row?.locked === true;
    },
    async [Symbol.asyncDispose]() {
      lost.abort(new Error('the session was closed'));
      await client.end().catch(() => undefined);
    },
  };
  try {
    await session.script(`set synchronous_commit = off; set idle_session_timeout = ${idleTimeout}`);
  } catch (error) {
    await session[Symbol.asyncDispose]();
    throw error;
  }
  return session;
}
