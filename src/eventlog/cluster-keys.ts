/**
 * The keys with which the nodes of a cluster authenticate their messages. They are in the database, so that access to
 * NATS alone is not enough to act as a node. The newest key that has begun to sign is the current one.
 *
 * A rotation adds a key that signs only after a minute: by then every node has read it. The earlier keys are accepted
 * for ten minutes more. An urgent rotation removes them at once. Messages are then refused until all nodes have read
 * the new key, which takes seconds: commands run where they arrive, and live events are read from the log.
 *
 * All times are the database's, and a node keeps them as durations of its own monotonic clock.
 */
import { createSecretKey, type KeyObject, randomBytes } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import type { Pool } from 'pg';

export interface ClusterKey {
  readonly id: string;
  readonly secret: KeyObject;
}

export interface ClusterKeys {
  /** The key that signs. */
  readonly current: ClusterKey;
  find(id: string): ClusterKey | undefined;
  /** Reads the keys again soon: a message names a key that is not known here. */
  refresh(): void;
  close(): void;
}

interface WatchOptions {
  readonly pool: Pool;
  onError(error: unknown): void;
  /** Milliseconds between two reads; 15,000 when absent. */
  readonly every?: number;
  /** Milliseconds between two reads that messages ask for; 1,000 when absent. */
  readonly atMostEvery?: number;
}

interface KnownKey extends ClusterKey {
  /** By `performance.now()`. */
  readonly signsFrom: number;
}

/** Seconds. Longer than the interval in which nodes read the keys. */
const SIGNS_AFTER = 60;
/** Seconds after the next key has begun to sign. */
const RETIRES_AFTER = 600;

const READ = `
  select id, secret, extract(epoch from signs_from - now())::float8 * 1000 as signs_in
  from deskwire.cluster_keys
  where retires_at is null or retires_at > now()
  order by signs_from`;

/** Resolves when the keys are known. Rejects if they cannot be read or there are none. */
export async function watchClusterKeys(options: WatchOptions): Promise<ClusterKeys> {
  const { pool, onError, every = 15_000, atMostEvery = 1_000 } = options;
  let known = await readKeys(pool);
  let lastRead = performance.now();
  let soon: NodeJS.Timeout | undefined;

  async function read(): Promise<void> {
    soon = undefined;
    lastRead = performance.now();
    try {
      known = await readKeys(pool);
    } catch (error) {
      // The keys that are known stay valid: a node without Postgres still receives the others' messages.
      onError(error);
    }
  }

  const timer = setInterval(() => void read(), every).unref();
  return {
    get current() {
      const time = performance.now();
      return known.findLast(({ signsFrom }) => signsFrom <= time) ?? (known[0] as KnownKey);
    },
    find: (id) => known.find((key) => key.id === id),
    refresh() {
      soon ??= setTimeout(() => void read(), Math.max(0, lastRead + atMostEvery - performance.now())).unref();
    },
    close() {
      clearInterval(timer);
      clearTimeout(soon);
    },
  };
}

async function readKeys(pool: Pool): Promise<readonly KnownKey[]> {
  const { rows } = await pool.query<{ id: string; secret: Buffer; signs_in: number }>(READ);
  if (rows.length === 0) {
    throw new Error('deskwire.cluster_keys is empty: make a key with `deskwire cluster-key rotate --now`');
  }
  const time = performance.now();
  return rows.map(({ id, secret, signs_in }) => ({ id, secret: createSecretKey(secret), signsFrom: time + signs_in }));
}

/** Adds a key and retires the others, or removes them at once. Resolves with the new key's id. */
export async function rotateClusterKey(pool: Pool, when: 'soon' | 'now'): Promise<string> {
  const id = randomBytes(6).toString('base64url');
  await pool.query(when === 'now' ? REPLACE : ADD, [
    ...[id, randomBytes(32)],
    ...(when === 'now' ? [] : [SIGNS_AFTER, RETIRES_AFTER]),
  ]);
  return id;
}

const REPLACE = `
  with removed as (delete from deskwire.cluster_keys)
  insert into deskwire.cluster_keys (id, secret, signs_from) values ($1, $2, now())`;

const ADD = `
  with removed as (
    delete from deskwire.cluster_keys where retires_at <= now()
  ), retired as (
    update deskwire.cluster_keys set retires_at = now() + ($3::int + $4::int) * interval '1 second'
    where retires_at is null
  )
  insert into deskwire.cluster_keys (id, secret, signs_from) values ($1, $2, now() + $3::int * interval '1 second')`;
