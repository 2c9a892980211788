/** The state of every projection, read from the database, so that any process of the cluster can ask. */
import type { Pool } from 'pg';
import { isLock } from '../../eventlog/dedicated-connection.ts';
import { PROJECTIONS, type ProjectionName, projectionNames } from '../catalog.ts';

export interface ReadModelStatus {
  readonly version: number;
  /** The last position that it contains. */
  readonly position: number;
  /** The number of events of the log that it lacks. */
  readonly lag: number;
  /** Whether this version is the one that notifies devices. */
  readonly current: boolean;
  readonly paused: boolean;
  /** Whether a process runs it. */
  readonly running: boolean;
  readonly schema: string;
  /** The size of tables and indexes. */
  readonly bytes: number;
  readonly parked: { readonly streams: number; readonly events: number };
  /** RFC 3339: when its runner last moved or confirmed its checkpoint. */
  readonly updatedAt: string;
}

export interface BuildStatus {
  readonly version: number;
  readonly position: number;
  readonly schema: string;
  readonly bytes: number;
  readonly parked: { readonly streams: number; readonly events: number };
  readonly startedAt: string;
  readonly updatedAt: string;
}

export interface ProjectionStatus {
  readonly name: ProjectionName;
  /** The version that this code reads and writes. */
  readonly version: number;
  /** The newest position of the log. */
  readonly head: number;
  /** Undefined as long as no read model of this version exists. */
  readonly serving: ReadModelStatus | undefined;
  /** The tables that a rebuild fills; `running` says whether a process is filling them. */
  readonly next: (BuildStatus & { readonly running: boolean }) | undefined;
  /** The tables that served before the last rebuild. */
  readonly previous: BuildStatus | undefined;
  /** Read models of other versions of the code. */
  readonly others: readonly ReadModelStatus[];
}

interface TablesRow {
  readonly name: string;
  readonly version: number;
  readonly role: 'serving' | 'next' | 'previous';
  readonly position: string;
  readonly schema: string;
  readonly current: boolean;
  readonly paused: boolean;
  readonly started_at: Date;
  readonly updated_at: Date;
  readonly head: string;
  readonly streams: string;
  readonly events: string;
  readonly bytes: string;
  readonly runner: boolean;
  readonly builder: boolean;
}

const LOCKED = (lock: string) => `exists (select from pg_locks l where ${isLock(lock)})`;

const TABLES = `
  with tables as (
    select name, version, 'serving' as role, generation, position, schema, current, paused, updated_at as started_at, updated_at
    from deskwire.projections
    union all
    select name, version, role, generation, position, schema, false, false, started_at, updated_at
    from deskwire.projection_builds
  )
  select t.*, h.position as head, coalesce(p.streams, 0) as streams, coalesce(p.events, 0) as events,
    (
      select coalesce(sum(pg_total_relation_size(c.oid)), 0) from pg_class c
      where c.relnamespace = to_regnamespace(quote_ident(t.schema)) and c.relkind = 'r'
    ) as bytes,
    ${LOCKED("'projection ' || t.name || ' ' || t.version")} as runner,
    ${LOCKED("'rebuild ' || t.name || ' ' || t.version")} as builder
  from tables t
  cross join deskwire.log_head h
  left join lateral (
    select count(distinct stream) as streams, count(*) as events from deskwire.parked p where p.generation = t.generation
  ) p on true
  order by t.name, t.version`;

export async function getProjectionStatus(pool: Pool): Promise<ProjectionStatus[]> {
  const { rows } = await pool.query<TablesRow>(TABLES);
  const { rows: heads } = await pool.query<{ position: string }>('select position from deskwire.log_head');
  const head = Number(heads[0]?.position ?? 0);
  return projectionNames().map((name) => {
    const { version } = PROJECTIONS[name];
    const mine = rows.filter((row) => row.name === name);
    const ofVersion = (role: TablesRow['role']) => mine.find((row) => row.version === version && row.role === role);
    const [serving, next, previous] = [ofVersion('serving'), ofVersion('next'), ofVersion('previous')];
    return {
      name,
      version,
      head,
      serving: serving && readModelStatus(serving),
      next: next && { ...buildStatus(next), running: next.builder },
      previous: previous && buildStatus(previous),
      others: mine.filter((row) => row.role === 'serving' && row.version !== version).map(readModelStatus),
    };
  });
}

function readModelStatus(row: TablesRow): ReadModelStatus {
  const { startedAt: _, ...common } = buildStatus(row);
  const lag = Math.max(0, Number(row.head) - Number(row.position));
  return { ...common, lag, current: row.current, paused: row.paused, running: row.runner };
}

function buildStatus(row: TablesRow): BuildStatus {
  return {
    version: row.version,
    position: Number(row.position),
    schema: row.schema,
    bytes: Number(row.bytes),
    parked: { streams: Number(row.streams), events: Number(row.events) },
    startedAt: row.started_at.toISOString(),
    updatedAt: row.updated_at.toISOString(),
  };
}

/** One line about parked events and pauses of the read models of this version; undefined when there are none. */
export async function getAttentionNotice(pool: Pool): Promise<string | undefined> {
  const { rows } = await pool.query<{ name: string; paused: boolean; streams: string }>({
    name: 'needs_attention',
    text: `
      select name, paused, streams
      from deskwire.projections p
      join unnest($1::text[], $2::integer[]) as mine(name, version) using (name, version)
      cross join lateral (
        select count(distinct stream) as streams from deskwire.parked where generation = p.generation
      ) parked
      where paused or streams > 0 order by name`,
    values: [projectionNames(), projectionNames().map((name) => PROJECTIONS[name].version)],
  });
  const facts = rows.flatMap(({ name, paused, streams }) => [
    ...(paused ? [`projection ${name} is paused`] : []),
    ...(Number(streams) > 0 ? [`projection ${name} has parked events of ${streams} streams`] : []),
  ]);
  return facts.length === 0 ? undefined : facts.join('; ');
}
