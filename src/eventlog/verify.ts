/** Checks that the log's positions, and the versions of each stream, are 1, 2, 3, … without a gap. */
import type { Pool } from 'pg';

export interface LogVerification {
  readonly events: number;
  readonly streams: number;
  /** Faults in words; empty if there are none. */
  readonly findings: readonly string[];
}

/** At most this many faulty streams are reported. */
const MAX_STREAMS = 20;

/** Reads the whole index of the log, in one snapshot of the database. Appends do not have to wait. */
export async function verifyLog(pool: Pool): Promise<LogVerification> {
  const client = await pool.connect();
  try {
    await client.query('begin isolation level repeatable read read only');
    const { rows: heads } = await client.query<Record<'head' | 'events' | 'first' | 'last', string | null>>(
      `select h.position as head, e.events, e.first, e.last from deskwire.log_head h,
         (select count(*) as events, min(position) as first, max(position) as last from deskwire.events) e`,
    );
    const { rows: streams } = await client.query<{ stream: string; events: string; first: number; last: number }>(
      `select stream, count(*) as events, min(version) as first, max(version) as last
       from deskwire.events group by stream having min(version) <> 1 or max(version) <> count(*) order by stream limit $1`,
      [MAX_STREAMS],
    );
    const { rows: counted } = await client.query<{ streams: string }>(
      'select count(distinct stream) as streams from deskwire.events',
    );
    await client.query('commit');
    const [head] = heads;
    if (head === undefined) return { events: 0, streams: 0, findings: ['deskwire.log_head has no row'] };
    const [events, position] = [Number(head.events), Number(head.head)];
    const findings: string[] = [];
    if (events > 0 && Number(head.first) !== 1) findings.push(`positions begin at ${head.first}, not at 1`);
    if (Number(head.last ?? 0) !== position)
      findings.push(`the head says ${position}, the last position is ${head.last}`);
    if (events !== Number(head.last ?? 0)) findings.push(`there are ${events} events up to position ${head.last}`);
    for (const { stream, events: of, first, last } of streams) {
      findings.push(`${stream} has ${of} events, of versions ${first} to ${last}`);
    }
    return { events, streams: Number(counted[0]?.streams ?? 0), findings };
  } finally {
    // Closes the connection, which also ends a transaction with a failed query.
    client.release(true);
  }
}
