/**
 * The numbers that people call tickets by: 1, 2, … in the order of opening, from a Postgres sequence. Opening many
 * tickets at once costs one statement. A number that was taken and not used (the ticket was refused, the process died)
 * is left out for ever; none is given twice.
 */
import type { Pool } from 'pg';
import { createBatcher } from './batcher.ts';

export interface TicketNumbers {
  /** A number that no ticket has had. Rejects with the database's error. */
  next(): Promise<number>;
}

const ALLOCATE = {
  name: 'ticket_numbers',
  text: `select nextval('deskwire.ticket_number') as number from generate_series(1, $1)`,
};

export function createTicketNumbers(pool: Pick<Pool, 'query'>): TicketNumbers {
  const next = createBatcher<undefined, number>(
    async (requests) => {
      const { rows } = await pool.query<{ number: string }>({ ...ALLOCATE, values: [requests.length] });
      return rows.map((row) => Number(row.number));
    },
    { size: 1_000, flights: 1 },
  );
  return { next: () => next(undefined) };
}
