/**
 * A Postgres connection with one owner. It holds the advisory lock that makes a projection runner or the relay the
 * active one. A runner also writes on this connection, so that only the holder of the lock writes.
 *
 * Postgres closes the connection when it receives nothing for a few seconds. So the lock of a process that was stopped,
 * or whose host was lost, is free after that time, although its connection still looks alive. The owner sends pings.
 *
 * Commits on this connection are asynchronous (`synchronous_commit = off`). A crash of Postgres may lose the newest of
 * them, writes and checkpoint together. They are then repeated from the log, whose own commits are durable. This saves
 * one disk flush per batch, which appends would otherwise have to wait for.
 */
import { Client, type ClientConfig } from 'pg';

export interface DedicatedConnection {
  /** Aborted when the connection is lost or closed. */
  readonly lost: AbortSignal;
  /** Runs one statement, prepared under `name` on first use. */
  query(name: string, text: string, values: readonly unknown[]): Promise<readonly unknown[]>;
  /** Runs statements without parameters, in one implicit transaction. */
  script(text: string): Promise<void>;
  /** Rejects when the connection is lost; keeps Postgres from closing it as idle. */
  ping(): Promise<void>;
  /** Takes the advisory lock of this name if it is free. It is held until the connection ends. */
  tryLock(name: string): Promise<boolean>;
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * SQL: whether the row `l` of `pg_locks` is a lock that is held under a name, as `tryLock` takes it and `append` does.
 * `name`: an SQL expression.
 */
export const isLock = (name: string) => `l.locktype = 'advisory' and l.granted and l.objsubid = 2
    and l.database = (select oid from pg_database where datname = current_database())
    and l.classid = (hashtext('deskwire')::bigint & 4294967295)::oid
    and l.objid = (hashtext(${name})::bigint & 4294967295)::oid`;

/** Milliseconds between two pings. */
export const PING_EVERY = 1_000;
/** Milliseconds. Another process tries for the lock every half second, so it gets the lock within three seconds. */
const IDLE_TIMEOUT = 2.4 * PING_EVERY;
/** Milliseconds. A server that does not answer counts as lost: a runner gives up its lock instead of waiting. */
const QUERY_TIMEOUT = 60_000;

export interface DedicatedConnectionOptions {
  /** Milliseconds without a statement until Postgres closes the connection; 0: never. */
  readonly idleTimeout?: number;
  /** Milliseconds that a statement may take; 0: no limit. */
  readonly queryTimeout?: number;
}

/** Rejects when the server cannot be reached, in five seconds unless `config` gives another time. */
export async function openDedicatedConnection(
  config: ClientConfig,
  applicationName: string,
  { idleTimeout = IDLE_TIMEOUT, queryTimeout = QUERY_TIMEOUT }: DedicatedConnectionOptions = {},
): Promise<DedicatedConnection> {
  const client = new Client({
    connectionTimeoutMillis: 5_000,
    ...config,
    application_name: applicationName,
    keepAlive: true,
    query_timeout: queryTimeout,
  });
  const lost = new AbortController();
  client.on('error', (error) => lost.abort(error));
  client.on('end', () => lost.abort(new Error('the connection to Postgres ended')));
  await client.connect();

  const connection: DedicatedConnection = {
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
      lost.abort(new Error('the dedicated connection was closed'));
      await client.end().catch(() => undefined);
    },
  };
  try {
    await connection.script(
      `set synchronous_commit = off; set idle_session_timeout = ${idleTimeout}; set statement_timeout = ${queryTimeout}`,
    );
  } catch (error) {
    await connection[Symbol.asyncDispose]();
    throw error;
  }
  return connection;
}
