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
    const { rows: totals } = await client.query<{ events: string; first: string | null; last: string | null }>(
      'select count(*) as events, min(position) as first, max(position) as last from deskwire.events',
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
    const [total] = totals;
    const events = Number(total?.events ?? 0);
    const [first, last] = [Number(total?.first ?? 0), Number(total?.last ?? 0)];
    const findings: string[] = [];
    if (events > 0 && first !== 1) findings.push(`positions begin at ${first}, not at 1`);
    if (events !== last) findings.push(`there are ${events} events up to position ${last}`);
    for (const { stream, ...of } of streams) {
      findings.push(`${stream} has ${of.events} events, of versions ${of.first} to ${of.last}`);
    }
    return { events, streams: Number(counted[0]?.streams ?? 0), findings };
  } finally {
    // Closes the connection, which also ends a transaction with a failed query.
    client.release(true);
  }
}
