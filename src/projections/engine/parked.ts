/**
 * Parked events as the one who applies events to tables knows them: of each stream that has any, the earliest. It is
 * either stuck (it could not be handled) or ready to be tried again, because an operator said so or because the one
 * before it was skipped; the others of its stream wait behind it.
 */

import type { RecordedEvent } from '../../domain/event.ts';
import type { ParkedEvent, Target } from './checkpoints.ts';
import type { Query } from './projection.ts';

export interface ParkedHead {
  readonly version: number;
  readonly ready: boolean;
}

/** By stream. */
export async function readParkedHeads(query: Query, { generation }: Target): Promise<Map<string, ParkedHead>> {
  const rows = (await query(
    'parked_heads',
    `select distinct on (stream) stream, version, error is null as ready from deskwire.parked
     where generation = $1 order by stream, version`,
    [generation],
  )) as { stream: string; version: number; ready: boolean }[];
  return new Map(rows.map(({ stream, ...head }) => [stream, head]));
}

/** Notes that another try of a parked event failed. */
export async function stayParked(
  query: Query,
  { generation }: Target,
  event: RecordedEvent,
  why: string,
): Promise<void> {
  await query(
    'stay_parked',
    `update deskwire.parked set error = $4, attempts = attempts + 1
     where generation = $1 and stream = $2 and version = $3`,
    [generation, event.stream, event.version, why],
  );
}

export function parkedEvent(event: RecordedEvent, error: string | null, attempts: number): ParkedEvent {
  const { stream, version, position, type } = event;
  return { stream, version, position, type, error, attempts };
}
