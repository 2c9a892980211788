/**
 * The numbers that people call tickets by: 1, 2, … in the order of opening, from a Postgres sequence. Opening many
 * tickets at once costs one statement. A number that was taken and not used (the ticket was refused, the process died)
 * is left out for ever; none is given twice.
 */
import type { Pool } from 'pg';
import { createBatcher } from './batcher.ts';

const ALLOCATE = {
  name: 'deskwire_ticket_numbers',
  text: `select nextval('deskwire.ticket_number') as number from generate_series(1, $1)`,
};

/** The allocator; it rejects with the database's error when there is no database. */
export function createTicketNumbers(pool: Pick<Pool, 'query'>): () => Promise<number> {
  const next = createBatcher<undefined, number>(
    async (requests) => {
      const { rows } = await pool.query<{ number: string }>({ ...ALLOCATE, values: [requests.length] });
      return rows.map((row) => Number(row.number));
    },
    { size: 1_000, flights: 1 },
  );
  return () => next(undefined);
}
