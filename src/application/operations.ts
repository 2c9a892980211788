/**
 * Operations: what an operator sees of the log and the read models, and does to them. The API and the `deskwire`
 * command call the same use cases, and check before who calls.
 *
 * Changes go through the database, so that they reach the process that runs the projection, whichever it is. The
 * callers differ in `rebuilds` alone: a server rebuilds in a thread and answers at once, the command rebuilds in the
 * foreground.
 */
import type { Pool } from 'pg';
import type { RecordedEvent, Stream } from '../domain/event.ts';
import type { DedicatedConnection } from '../eventlog/dedicated-connection.ts';
import type { EventReader } from '../eventlog/event-log.ts';
import { abortRebuild, dropOld, InUseError } from '../projections/admin/cleanup.ts';
import { listParkedStreams, type ParkedStream, retryParked, skipParked } from '../projections/admin/parked-streams.ts';
import { NothingToDoError, setPaused } from '../projections/admin/serving.ts';
import { getProjectionStatus, type ProjectionStatus } from '../projections/admin/status.ts';
import { makeCurrent } from '../projections/admin/versions.ts';
import { PROJECTIONS, type ProjectionName, projectionNames } from '../projections/catalog.ts';
import { BusyError, type Work } from '../projections/rebuild/rebuild.ts';

export { type ProjectionName, projectionNames };

export interface OperationsOverview {
  /** Of the log. */
  readonly epoch: string;
  /** The newest position of the log; two overviews with their `time` give its rate. */
  readonly position: number;
  /** RFC 3339 UTC: when the overview was made. */
  readonly time: string;
  /** How far JetStream has the log; undefined while that is unknown. */
  readonly relay: { readonly position: number; readonly lag: number } | undefined;
  readonly projections: readonly ProjectionStatus[];
}

export type ParkedEventDetails = ParkedStream & { readonly event: RecordedEvent | undefined };

export interface Operations {
  getOverview(): Promise<OperationsOverview>;
  listProjections(): Promise<readonly ProjectionStatus[]>;
  /**
   * Rebuilds read models, or goes on with interrupted rebuilds; `prepare` leaves the swap to a later rebuild. Rejects
   * with BusyError while one is going on, and with InUseError when the swap would take over from a version that is in
   * use.
   */
  rebuild(names: readonly ProjectionName[], options?: { readonly prepare?: boolean }): Promise<void>;
  /** Brings back the tables before the last rebuild. Rejects with NothingToDoError when none are kept, or BusyError. */
  rollBack(name: ProjectionName): Promise<void>;
  /** Makes the version of this code the current one again. False when it is. */
  makeCurrent(name: ProjectionName): Promise<boolean>;
  /** Ends a rebuild in whichever process, and drops its tables. Rejects with NothingToDoError when there is none. */
  abortRebuild(name: ProjectionName): Promise<void>;
  /** Drops the tables before the last rebuild and those of older versions. Returns the schemas. */
  dropOldTables(names: readonly ProjectionName[]): Promise<string[]>;
  /** False when it is paused already. */
  pause(name: ProjectionName): Promise<boolean>;
  /** False when it is not paused. */
  resume(name: ProjectionName): Promise<boolean>;
  /** Of one projection, or of all. */
  listParked(name?: ProjectionName, stream?: string): Promise<readonly ParkedStream[]>;
  /** The event that holds up a stream. Rejects with NothingToDoError when none of the stream is parked. */
  getParked(name: ProjectionName, stream: string): Promise<ParkedEventDetails>;
  /** Tries a stream again, or all of them. Resolves with their number once the runner is notified. */
  retryParked(name: ProjectionName, stream?: string): Promise<number>;
  /** Leaves out for good the event that holds up a stream. Rejects with NothingToDoError when another one does. */
  skipParked(name: ProjectionName, stream: string, position: number): Promise<{ readonly type: string }>;
}

export interface OperationsDeps {
  readonly pool: Pool;
  readonly reader: Pick<EventReader, 'head' | 'readStream'>;
  readonly rebuilds: {
    start(name: ProjectionName, work: Work): Promise<'started' | 'done'>;
    /** Whether this process rebuilds the projection. */
    running(name: ProjectionName): boolean;
  };
  readonly openDedicatedConnection: () => Promise<DedicatedConnection>;
  /** Makes runners everywhere look for changes at once; without it they find them within seconds. */
  readonly notifyRunners: () => void | Promise<void>;
  /** JetStream's last position; undefined when there is no stream or it may not be read. */
  readonly relayPosition: () => Promise<number | undefined>;
  readonly now: () => number;
}

export function createOperations(deps: OperationsDeps): Operations {
  const { pool, reader, rebuilds, openDedicatedConnection, notifyRunners, relayPosition, now } = deps;

  async function requireIdle(name: ProjectionName): Promise<ProjectionStatus | undefined> {
    const status = (await getProjectionStatus(pool)).find((one) => one.name === name);
    if (status?.next?.running || rebuilds.running(name)) throw new BusyError(`${name} is being rebuilt already`);
    return status;
  }

  async function build(name: ProjectionName, work: Work): Promise<'started' | 'done'> {
    const status = await requireIdle(name);
    if (work === 'rollback' && status?.previous === undefined) {
      throw new NothingToDoError(`${name} has nothing to go back to`);
    }
    return rebuilds.start(name, work);
  }

  async function changePaused(name: ProjectionName, paused: boolean): Promise<boolean> {
    const changed = await setPaused(pool, PROJECTIONS[name], paused);
    if (changed) await notifyRunners();
    return changed;
  }

  async function listParked(name?: ProjectionName, stream?: string): Promise<readonly ParkedStream[]> {
    const names = name === undefined ? projectionNames() : [name];
    return (await Promise.all(names.map((one) => parkedOf(pool, one, stream)))).flat();
  }

  return {
    async getOverview() {
      // JetStream first: events that are appended in between would otherwise look like a relay ahead of the log.
      const published = await relayPosition();
      const [{ position, epoch }, projections] = await Promise.all([reader.head(), getProjectionStatus(pool)]);
      const relay =
        published === undefined ? undefined : { position: published, lag: Math.max(0, position - published) };
      return { epoch, position, time: new Date(now()).toISOString(), relay, projections };
    },
    listProjections: () => getProjectionStatus(pool),
    async rebuild(names, { prepare = false } = {}) {
      if (!prepare) refuseToTakeOver(names, await getProjectionStatus(pool));
      const outcomes = await Promise.allSettled(names.map((name) => build(name, prepare ? 'prepare' : 'rebuild')));
      for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
      if (outcomes.some((outcome) => outcome.status === 'fulfilled' && outcome.value === 'done')) await notifyRunners();
    },
    async rollBack(name) {
      if ((await build(name, 'rollback')) === 'done') await notifyRunners();
    },
    async makeCurrent(name) {
      const changed = await makeCurrent(pool, PROJECTIONS[name]);
      if (changed) await notifyRunners();
      return changed;
    },
    async abortRebuild(name) {
      await using connection = await openDedicatedConnection();
      if (!(await abortRebuild(connection, PROJECTIONS[name]))) {
        throw new NothingToDoError(`${name} is not being rebuilt`);
      }
    },
    async dropOldTables(names) {
      await using connection = await openDedicatedConnection();
      const dropped: string[] = [];
      for (const name of names) dropped.push(...(await dropOld(connection, PROJECTIONS[name])));
      return dropped;
    },
    pause: (name) => changePaused(name, true),
    resume: (name) => changePaused(name, false),
    listParked,
    async getParked(name, stream) {
      const [parked] = await listParked(name, stream);
      if (parked === undefined) throw new NothingToDoError(`${name} has no parked events of ${stream}`);
      const range = { stream: stream as Stream, after: parked.version - 1, limit: 1 };
      const [event] = await reader.readStream(range);
      return { ...parked, event };
    },
    async retryParked(name, stream) {
      const streams = await retryParked(pool, PROJECTIONS[name], stream);
      if (streams > 0) await notifyRunners();
      return streams;
    },
    async skipParked(name, stream, position) {
      const skipped = await skipParked(pool, PROJECTIONS[name], stream, position);
      await notifyRunners();
      return skipped;
    },
  };
}

/** A projection that has no read model yet has nothing parked. */
async function parkedOf(pool: Pool, name: ProjectionName, stream?: string): Promise<readonly ParkedStream[]> {
  try {
    return await listParkedStreams(pool, PROJECTIONS[name], stream);
  } catch (error) {
    if (error instanceof NothingToDoError) return [];
    throw error;
  }
}

/** A version that is in use is replaced when the processes that run it are, not before. */
function refuseToTakeOver(names: readonly ProjectionName[], statuses: readonly ProjectionStatus[]): void {
  for (const { name, version, serving, others } of statuses) {
    const inUse = others.find((other) => other.current && other.running);
    if (!names.includes(name) || serving !== undefined || inUse === undefined) continue;
    throw new InUseError(
      `version ${inUse.version} of ${name} is in use: say --prepare; ` +
        `processes of version ${version} take over when they start.`,
    );
  }
}
