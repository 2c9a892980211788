/**
 * Ticket numbers for people: 1, 2, … in the order of opening, from a counter in Postgres. Tickets that are opened at
 * the same time share one statement. A number is never given twice. A number that was taken but not used (the ticket
 * was refused, or the process died) stays unused. The counter is a row, because a Postgres sequence may skip up to 32
 * numbers after a crash.
 */
import type { Pool } from 'pg';
import { createBatcher } from '../support/batcher.ts';

export interface TicketNumbers {
  /** A number that was not given before. Rejects with the database's error. */
  next(): Promise<number>;
}

/**
 * This commit does not wait for the disk. The ticket is committed later, and that commit flushes this write too,
 * because the write-ahead log is flushed in order.
 */
const ALLOCATE = {
  name: 'ticket_numbers',
  text: `
    with relaxed as (select set_config('synchronous_commit', 'off', true))
    update deskwire.ticket_numbers set last = last + $1 from relaxed returning last`,
};

export function createTicketNumbers(pool: Pick<Pool, 'query'>): TicketNumbers {
  const next = createBatcher<undefined, number>(
    async (requests) => {
      const { rows } = await pool.query<{ last: string }>({ ...ALLOCATE, values: [requests.length] });
      const first = Number(rows[0]?.last) - requests.length + 1;
      return requests.map((_, index) => first + index);
    },
    { size: 1_000, concurrency: 1 },
  );
  return { next: () => next(undefined) };
}
