/**
 * Snapshots of long streams in Postgres: a folded state and the version it was folded to, so that activation reads
 * only what came after. A cache of the log, never the truth: losing one costs time, nothing else. Each is of the epoch in
 * which it was folded: when history is replaced, those of lost history are not found any more.
 */
import type { Pool } from 'pg';
import type { Stream } from '../domain/event.ts';

export interface Snapshot {
  readonly stream: Stream;
  readonly version: number;
  /** The decider's: tells states of another shape apart. */
  readonly stateVersion: number;
  /** Plain JSON. */
  readonly state: unknown;
}

export interface SnapshotKey {
  readonly stream: Stream;
  readonly stateVersion: number;
}

export interface SnapshotStore {
  /** The results in the order asked; undefined where there is none of this state version. */
  load(keys: readonly SnapshotKey[]): Promise<(Snapshot | undefined)[]>;
  /** Each replaces an older one of its stream. At most one for each stream. */
  save(snapshots: readonly Snapshot[]): Promise<void>;
}

const LOAD = {
  name: 'load_snapshots',
  text: `select s.stream, s.version, s.state_version, s.state
from unnest($1::text[], $2::int[]) as asked (stream, state_version)
join deskwire.snapshots s using (stream, state_version)
join deskwire.log_head h using (epoch)`,
};

// One of another state version is replaced whatever its version, so that after an upgrade, or a rollback of one, the
// code that runs gets to write. So is one of another epoch.
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

/** `epoch`: the one in which the states to save were folded, as this process knows it; the log's when it is left out. */
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
      // In the order of their names: two processes that save the same streams must not lock them crosswise.
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
