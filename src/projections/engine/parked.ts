/**
 * Parked events as an applier knows them: the earliest parked event of each stream. That event is either stuck (it
 * could not be handled) or ready to be tried again, because an operator asked for it or skipped the event before it.
 * The other parked events of the stream wait behind it.
 */
import type { RecordedEvent } from '../../domain/event.ts';
import type { ParkedEvent, Target } from './checkpoints.ts';
import type { Query } from './projection.ts';

export interface ParkedHead {
  readonly version: number;
  readonly ready: boolean;
}

/** Reads the earliest parked event of each stream. The map's keys are streams. */
export async function readParkedHeads(query: Query, { generation }: Target): Promise<Map<string, ParkedHead>> {
  const rows = (await query(
    'parked_heads',
    `select distinct on (stream) stream, version, error is null as ready from deskwire.parked
     where generation = $1 order by stream, version`,
    [generation],
  )) as { stream: string; version: number; ready: boolean }[];
  return new Map(rows.map(({ stream, ...head }) => [stream, head]));
}

/** Records that another try of a parked event failed. */
export async function markStillParked(
  query: Query,
  { generation }: Target,
  event: RecordedEvent,
  reason: string,
): Promise<void> {
  await query(
    'stay_parked',
    `update deskwire.parked set error = $4, attempts = attempts + 1
     where generation = $1 and stream = $2 and version = $3`,
    [generation, event.stream, event.version, reason],
  );
}

export function parkedEvent(event: RecordedEvent, error: string | null, attempts: number): ParkedEvent {
  const { stream, version, position, type } = event;
  return { stream, version, position, type, error, attempts };
}
