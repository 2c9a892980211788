/** Applies the log to tables that do not serve yet, and reports its progress. */
import type { RecordedEvent } from '../../domain/event.ts';
import type { EventReader } from '../../eventlog/event-log.ts';
import { type Applier, createApplier } from '../engine/applier.ts';
import type { Projection, Query } from '../engine/projection.ts';
import type { Build } from './builds.ts';
import { createSpeedometer, type Phase, type Progress, secondsLeft } from './progress.ts';

export interface FillerOptions {
  readonly projection: Projection;
  readonly build: Build;
  readonly query: Query;
  readonly readStream: EventReader['readStream'];
  readonly signal: AbortSignal;
  onParked(event: RecordedEvent, cause: unknown): void;
  onProgress?: ((progress: Progress) => void) | undefined;
}

export interface Filler {
  /** The last position that the tables contain. */
  readonly position: number;
  /** Applies all events up to `upTo` and saves. `read` returns the next events, none beyond `upTo`. */
  advance(phase: Phase, upTo: number, read: (position: number) => Promise<readonly RecordedEvent[]>): Promise<void>;
  /** Reports at once; `advance` reports at most every REPORT_EVERY. */
  report(phase: Phase, target: number): void;
}

/** Milliseconds between two reports of progress. */
const REPORT_EVERY = 200;

/** Continues at the position of the tables; undefined if they were dropped. */
export async function createFiller(options: FillerOptions): Promise<Filler | undefined> {
  const { projection, build, query, readStream, signal } = options;
  const [row] = (await query(
    'build_position',
    'select position from deskwire.projection_builds where generation = $1',
    [build.generation],
  )) as { position: string }[];
  if (row === undefined) return undefined;
  const applier: Applier = await createApplier({
    target: { projection, schema: build.schema, generation: build.generation, serving: false },
    position: Number(row.position),
    query,
    readStream,
    signal,
    // One retry with empty memory, without a pause. The event failed and waited in the live tables already, or its
    // failure does not depend on time.
    pauses: [0],
    onParked: (event, error) => options.onParked(event, error.cause),
  });
  const speed = createSpeedometer(() => performance.now());
  let reportedAt = Number.NEGATIVE_INFINITY;

  const report = (phase: Phase, target: number) => {
    const { position } = applier;
    const eventsPerSecond = speed.at(position);
    reportedAt = performance.now();
    options.onProgress?.({
      projection: projection.name,
      version: projection.version,
      phase,
      position,
      target,
      eventsPerSecond,
      secondsLeft: secondsLeft(position, target, eventsPerSecond),
    });
  };

  return {
    get position() {
      return applier.position;
    },
    async advance(phase, upTo, read) {
      while (applier.position < upTo) {
        signal.throwIfAborted();
        const events = await read(applier.position);
        if (events.length === 0) throw new Error(`the event log ends at ${applier.position}, before ${upTo}`);
        await applier.apply(events);
        if (performance.now() - reportedAt > REPORT_EVERY) report(phase, upTo);
      }
      if (applier.unsaved) await applier.save();
    },
    report,
  };
}
