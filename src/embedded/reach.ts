/**
 * Checks that configured backing services can be reached and are new enough, so that a wrong URL is one clear error.
 */
import type pg from 'pg';
import { messageOf, StartFailure } from '../support/start-failure.ts';
import { natsGreeting } from './nats-server.ts';

/** Long enough for a busy machine; a wrong port is refused at once. */
const timeoutMs = 15_000;

/** Rejects with a StartFailure. */
export async function reachDatabase(pool: pg.Pool, url: string): Promise<void> {
  const version = await serverVersion(pool).catch((cause: unknown) => {
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

/** Resolves when one of the listed servers answers. Rejects with a StartFailure. */
export async function reachNats(urls: string): Promise<void> {
  const servers = urls.split(',').map((url) => new URL(url.trim()));
  try {
    await Promise.any(servers.map(({ hostname, port }) => natsGreeting(hostname, Number(port || 4222), timeoutMs)));
  } catch (cause) {
    const places = servers.map((server) => server.host).join(', ');
    throw new StartFailure(
      `no nats-server can be reached at ${places} (${messageOf(cause)}): check NATS_URL and that it is running.`,
      { cause },
    );
  }
}

/** Host and path of a URL, without its credentials. */
function place(url: string): string {
  const { host, pathname } = new URL(url);
  return host + pathname;
}
