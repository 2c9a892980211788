/**
 * Snapshots of long streams in Postgres: a folded state with its version, so that activation reads only later events.
 * They are a cache of the log: a lost snapshot costs time and nothing else. A snapshot names the epoch in which it was
 * folded. After history was replaced, snapshots of the old epoch are no longer found.
 */
import type { Pool } from 'pg';
import type { Stream } from '../domain/event.ts';

export interface Snapshot {
  readonly stream: Stream;
  readonly version: number;
  /** Of the decider: distinguishes states of different shapes. */
  readonly stateVersion: number;
  /** Plain JSON. */
  readonly state: unknown;
}

export interface SnapshotKey {
  readonly stream: Stream;
  readonly stateVersion: number;
}

export interface SnapshotStore {
  /** In the order of `keys`; undefined for a stream without a snapshot of this state version. */
  load(keys: readonly SnapshotKey[]): Promise<(Snapshot | undefined)[]>;
  /** Replaces older snapshots of the same streams. `snapshots` has at most one per stream. */
  save(snapshots: readonly Snapshot[]): Promise<void>;
}

const LOAD = {
  name: 'load_snapshots',
  text: `select s.stream, s.version, s.state_version, s.state
from unnest($1::text[], $2::int[]) as asked (stream, state_version)
join deskwire.snapshots s using (stream, state_version)
join deskwire.log_head h using (epoch)`,
};

// A snapshot of another state version is replaced even if its version is higher: after an upgrade or a downgrade the
// running code must be able to write. The same holds for a snapshot of another epoch.
const SAVE = {
  name: 'save_snapshots',
  text: `insert into deskwire.snapshots as held (stream, version, state_version, state, epoch)
select given.*, coalesce($5::uuid, h.epoch)
from unnest($1::text[], $2::bigint[], $3::int[], $4::json[]) as given, deskwire.log_head h
on conflict (stream) do update
set version = excluded.version, state_version = excluded.state_version, state = excluded.state,
  epoch = excluded.epoch, saved_at = now()
where held.version < excluded.version or held.state_version <> excluded.state_version or held.epoch <> excluded.epoch`,
};

interface Row {
  stream: Stream;
  version: string;
  state_version: number;
  state: unknown;
}

/** `epoch` returns the epoch in which this process folded the states to save; when absent, the log's epoch is used. */
export function createSnapshotStore(pool: Pick<Pool, 'query'>, epoch?: () => string): SnapshotStore {
  return {
    async load(keys) {
      const values = [keys.map((key) => key.stream), keys.map((key) => key.stateVersion)];
      const { rows } = await pool.query<Row>({ ...LOAD, values });
      const found = new Map(rows.map((row) => [`${row.state_version} ${row.stream}`, row]));
      return keys.map(({ stream, stateVersion }) => {
        const row = found.get(`${stateVersion} ${stream}`);
        return row && { stream, stateVersion, version: Number(row.version), state: row.state };
      });
    },

    async save(snapshots) {
      // In the order of stream names, so that two processes that save the same streams cannot deadlock.
      const sorted = snapshots.toSorted((a, b) => (a.stream < b.stream ? -1 : 1));
      await pool.query({
        ...SAVE,
        values: [
          sorted.map((snapshot) => snapshot.stream),
          sorted.map((snapshot) => snapshot.version),
          sorted.map((snapshot) => snapshot.stateVersion),
          sorted.map((snapshot) => JSON.stringify(snapshot.state)),
          epoch?.() ?? null,
        ],
      });
    },
  };
}
