/**
 * Checks that configured backing services can be reached and are new enough, so that a wrong URL is one clear error. A
 * service that is away may still start, so a server waits for it; what a wait cannot mend fails at once.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { messageOf, StartFailure, systemErrorCode } from '../support/start-failure.ts';
import { natsGreeting } from './nats-server.ts';

/** Long enough for a busy machine; a wrong port is refused at once. */
const timeoutMs = 15_000;
/** Milliseconds between two attempts. */
const RETRY_EVERY = 500;
/** SQLSTATEs (too many connections; shutdown, crash and start of the server), and errors of the network. */
const AWAY = new Set(
  (
    '53300 57P01 57P02 57P03 ' +
    'ECONNREFUSED ECONNRESET ETIMEDOUT EPIPE EHOSTUNREACH EHOSTDOWN ENETUNREACH ENETDOWN ENOTFOUND EAI_AGAIN ENOENT'
  ).split(' '),
);

export interface Patience {
  /** Milliseconds to wait for a service that is away. */
  readonly wait: number;
  /** Ends the wait. */
  readonly signal: AbortSignal;
  /** Called once when a wait begins. */
  readonly onWaiting: (what: string) => void;
}

/** Rejects with a StartFailure; at once when `patience` is absent. */
export async function reachDatabase(pool: pg.Pool, url: string, patience?: Patience): Promise<void> {
  const reached = waited(() => serverVersion(pool), `the database at ${place(url)}`, databaseIsAway, patience);
  const version = await reached.catch((cause: unknown) => {
    throw new StartFailure(
      `the database at ${place(url)} cannot be reached (${messageOf(cause)}): check DATABASE_URL and that it is running.`,
      { cause },
    );
  });
  if (version < 150_000) {
    throw new StartFailure(
      `the database at ${place(url)} is older than PostgreSQL 15: set DATABASE_URL to a newer one.`,
    );
  }
}

async function serverVersion(pool: pg.Pool): Promise<number> {
  const { rows } = await pool.query<{ version: number }>(
    "SELECT current_setting('server_version_num')::int AS version",
  );
  return rows[0]?.version ?? 0;
}

/** Resolves when one of the listed servers answers. Rejects with a StartFailure; at once when `patience` is absent. */
export async function reachNats(urls: string, patience?: Patience): Promise<void> {
  const servers = urls.split(',').map((url) => new URL(url.trim()));
  const places = servers.map((server) => server.host).join(', ');
  const greeting = () =>
    Promise.any(servers.map(({ hostname, port }) => natsGreeting(hostname, Number(port || 4222), timeoutMs)));
  try {
    await waited(greeting, `a nats-server at ${places}`, () => true, patience);
  } catch (cause) {
    throw new StartFailure(
      `no nats-server can be reached at ${places} (${messageOf(cause)}): check NATS_URL and that it is running.`,
      { cause },
    );
  }
}

/** Tries until it succeeds, until the error is not that the service is away, or until the wait is over. */
async function waited<T>(
  attempt: () => Promise<T>,
  what: string,
  isAway: (error: unknown) => boolean,
  patience: Patience | undefined,
): Promise<T> {
  const deadline = Date.now() + (patience?.wait ?? 0);
  for (let first = true; ; first = false) {
    try {
      return await attempt();
    } catch (error) {
      if (patience === undefined || patience.signal.aborted || Date.now() >= deadline || !isAway(error)) throw error;
      if (first) patience.onWaiting(`waiting for ${what} (${messageOf(error)})`);
    }
    await sleep(RETRY_EVERY, undefined, { signal: patience.signal }).catch(() => undefined);
  }
}

/**
 * Whether the server does not answer, starts, stops, or has no connection left. Not when it refuses who we are, and not
 * when its certificate is wrong or it offers no TLS. The client gives its own time-outs no code.
 */
function databaseIsAway(error: unknown): boolean {
  const code = systemErrorCode(error);
  return code === undefined ? !messageOf(error).includes('SSL') : AWAY.has(code);
}

/** Host and path of a URL, without its credentials. */
function place(url: string): string {
  const { host, pathname } = new URL(url);
  return host + pathname;
}
