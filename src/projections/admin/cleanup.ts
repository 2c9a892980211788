/** Dropping tables that are of no use any more. */
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
 * Drops what served before: the tables before the last rebuild, and the read models of older versions. Returns the schemas
 * that are gone. Rejects with InUseError, having dropped nothing of that version, when a process runs an older version.
 */
export async function dropOld(session: DedicatedConnection, projection: Projection): Promise<string[]> {
  const { name } = projection;
  const dropped: string[] = [];
  const previous = await findBuild(session.query, projection, 'previous');
  if (previous !== undefined) {
    await dropBuild(session, previous);
    dropped.push(previous.schema);
  }
  const older = (await session.query(
    'older_versions',
    'select version, schema, generation from deskwire.projections where name = $1 and version < $2 and not current',
    [name, projection.version],
  )) as { version: number; schema: string; generation: string }[];
  for (const { version, schema, generation } of older) {
    // Its runner holds this lock for as long as a process of that version lives.
    if (!(await session.tryLock(`projection ${name} ${version}`))) {
      throw new InUseError(`version ${version} of ${name} is still run by a process: stop it first`);
    }
    const builds = (await session.query(
      'builds_of_version',
      'select generation, schema, position from deskwire.projection_builds where name = $1 and version = $2',
      [name, version],
    )) as { generation: number; schema: string; position: number }[];
    for (const build of builds) await dropBuild(session, build);
    await inTransaction(session, async () => {
      await lockTables(session.query);
      await session.query('forget_version', 'delete from deskwire.projections where generation = $1', [generation]);
      await session.query('forget_parked', 'delete from deskwire.parked where generation = $1', [generation]);
      await session.script(`drop schema if exists ${escapeIdentifier(schema)} cascade`);
    });
    dropped.push(...builds.map((build) => build.schema), schema);
  }
  return dropped;
}

/** Gives up a rebuild, interrupted or going on, and drops what it had filled. False when there is none. */
export async function abortRebuild(session: DedicatedConnection, projection: Projection): Promise<boolean> {
  const next = await findBuild(session.query, projection, 'next');
  if (next === undefined) return false;
  await dropBuild(session, next);
  return true;
}
