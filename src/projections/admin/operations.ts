/**
 * Operating a running system from inside one of its processes. Orders go through the database, so that they reach whichever
 * process they are for; only the work of a rebuild is done here, in a thread of its own.
 */
import type { Pool } from 'pg';
import type { Operations } from '../../application/operations.ts';
import type { Broker } from '../../broker/port.ts';
import { DeskwireError } from '../../domain/errors.ts';
import type { openDedicatedConnection } from '../../eventlog/dedicated-connection.ts';
import type { EventReader } from '../../eventlog/event-log.ts';
import { PROJECTIONS, type ProjectionName, projectionNames } from '../catalog.ts';
import { ORDERS } from '../projections.ts';
import type { Rebuilds } from '../rebuild/rebuilds.ts';
import { abortRebuild } from './cleanup.ts';
import { NothingToDoError, parkedStreams, retryParked, setPaused, skipParked } from './orders.ts';
import { type ProjectionStatus, projectionStatus } from './status.ts';

interface Parts {
  readonly pool: Pool;
  readonly reader: Pick<EventReader, 'head'>;
  readonly signals: Pick<Broker['signals'], 'publish'>;
  readonly rebuilds: Rebuilds;
  readonly openDedicatedConnection: () => ReturnType<typeof openDedicatedConnection>;
  /** JetStream's last position; undefined when there is no stream or it may not be looked at. */
  readonly relayPosition: () => Promise<number | undefined>;
  readonly now: () => number;
}

export function createOperations(parts: Parts): Operations<ProjectionName> {
  const { pool, reader, signals, rebuilds, relayPosition, now } = parts;
  const tellRunners = () => signals.publish(ORDERS, {});

  async function statusOf(name: ProjectionName): Promise<ProjectionStatus | undefined> {
    return (await projectionStatus(pool)).find((status) => status.name === name);
  }

  async function requireRest(name: ProjectionName): Promise<ProjectionStatus | undefined> {
    const status = await statusOf(name);
    if (status?.next?.running || rebuilds.running(name)) throw conflict(`${name} is being rebuilt already`);
    return status;
  }

  return {
    projections: projectionNames(),
    async view() {
      // JetStream first: what the log gains meanwhile would otherwise look like a relay that is ahead of it.
      const published = await relayPosition();
      const [{ position, epoch }, projections] = await Promise.all([reader.head(), projectionStatus(pool)]);
      const relay =
        published === undefined ? undefined : { position: published, lag: Math.max(0, position - published) };
      return { epoch, position, time: new Date(now()).toISOString(), relay, projections };
    },
    async rebuild(name) {
      await requireRest(name);
      rebuilds.start(name, 'rebuild');
    },
    async rollBack(name) {
      const status = await requireRest(name);
      if (status?.previous === undefined) throw conflict(`${name} has nothing to go back to`);
      rebuilds.start(name, 'rollback');
    },
    async abort(name) {
      await using session = await parts.openDedicatedConnection();
      if (!(await abortRebuild(session, PROJECTIONS[name]))) throw conflict(`${name} is not being rebuilt`);
    },
    async setPaused(name, paused) {
      await ordered(setPaused(pool, PROJECTIONS[name], paused));
      tellRunners();
    },
    async parked() {
      const all = await Promise.all(projectionNames().map((name) => parkedOf(pool, name)));
      return all.flat();
    },
    async retry(name, stream) {
      const tried = await ordered(retryParked(pool, PROJECTIONS[name], stream));
      tellRunners();
      return tried;
    },
    async skip(name, stream, position) {
      await ordered(skipParked(pool, PROJECTIONS[name], stream, position));
      tellRunners();
    },
  };
}

/** One that has no read model yet has nothing parked. */
async function parkedOf(pool: Pool, name: ProjectionName) {
  try {
    return await parkedStreams(pool, PROJECTIONS[name]);
  } catch (error) {
    if (error instanceof NothingToDoError) return [];
    throw error;
  }
}

async function ordered<T>(order: Promise<T>): Promise<T> {
  try {
    return await order;
  } catch (error) {
    throw error instanceof NothingToDoError ? conflict(error.message, error) : error;
  }
}

function conflict(message: string, cause?: Error): DeskwireError {
  return new DeskwireError('conflict', message, cause && { cause });
}
