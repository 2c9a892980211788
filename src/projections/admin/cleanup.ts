/** Drops tables that are no longer needed. */
import { escapeIdentifier } from 'pg';
import { DeskwireError } from '../../domain/errors.ts';
import type { DedicatedConnection } from '../../eventlog/dedicated-connection.ts';
import type { Projection } from '../engine/projection.ts';
import { inTransaction, lockTables } from '../engine/tables.ts';
import { dropBuild, findBuild } from '../rebuild/builds.ts';

/** A process still runs another version of the projection. */
export class InUseError extends DeskwireError {
  constructor(message: string) {
    super('conflict', message);
  }
}

/**
 * Drops the tables that served before the last rebuild, and the read models of older versions. Returns the names of the
 * dropped schemas. Rejects with InUseError when a process still runs an older version; that version is then kept whole.
 */
export async function dropOld(connection: DedicatedConnection, projection: Projection): Promise<string[]> {
  const { name } = projection;
  const dropped: string[] = [];
  const previous = await findBuild(connection.query, projection, 'previous');
  if (previous !== undefined) {
    await dropBuild(connection, previous);
    dropped.push(previous.schema);
  }
  const older = (await connection.query(
    'older_versions',
    'select version, schema, generation from deskwire.projections where name = $1 and version < $2 and not current',
    [name, projection.version],
  )) as { version: number; schema: string; generation: string }[];
  for (const { version, schema, generation } of older) {
    // The runner of that version holds this lock as long as its process lives.
    if (!(await connection.tryLock(`projection ${name} ${version}`))) {
      throw new InUseError(`version ${version} of ${name} is still run by a process: stop it first`);
    }
    const builds = (await connection.query(
      'builds_of_version',
      'select generation, schema, position from deskwire.projection_builds where name = $1 and version = $2',
      [name, version],
    )) as { generation: number; schema: string; position: number }[];
    for (const build of builds) await dropBuild(connection, build);
    await inTransaction(connection, async () => {
      await lockTables(connection.query);
      await connection.query('forget_version', 'delete from deskwire.projections where generation = $1', [generation]);
      await connection.query('forget_parked', 'delete from deskwire.parked where generation = $1', [generation]);
      await connection.script(`drop schema if exists ${escapeIdentifier(schema)} cascade`);
    });
    dropped.push(...builds.map((build) => build.schema), schema);
  }
  return dropped;
}

/** Aborts a rebuild, running or interrupted, and drops its tables. Resolves false when there is none. */
export async function abortRebuild(connection: DedicatedConnection, projection: Projection): Promise<boolean> {
  const next = await findBuild(connection.query, projection, 'next');
  if (next === undefined) return false;
  await dropBuild(connection, next);
  return true;
}
