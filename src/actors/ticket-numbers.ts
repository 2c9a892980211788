/**
 * The numbers that people call tickets by: 1, 2, … in the order of opening, from a counter in Postgres. Opening many
 * tickets at once costs one statement. A number that was taken and not used (the ticket was refused, the process died)
 * is left out for ever; none is given twice. A row and not a sequence: a sequence leaves out up to 32 numbers whenever
 * Postgres was killed.
 */
import type { Pool } from 'pg';
import { createBatcher } from '../support/batcher.ts';

export interface TicketNumbers {
  /** A number that no ticket has had. Rejects with the database's error. */
  next(): Promise<number>;
}

/**
 * The counter need not wait for the disk by itself: a ticket is committed later and takes this write with it, since the
 * write-ahead log is flushed in order.
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
    { size: 1_000, flights: 1 },
  );
  return { next: () => next(undefined) };
}
