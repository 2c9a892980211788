/**
 * Ticket numbers from one counter in Postgres, shared by all nodes. Numbers wanted while a request for some is in flight
 * are fetched together by the next one, so that a burst of new tickets does not queue for the counter's row.
 */
import type { Pool } from 'pg';
import { DeskwireError } from '../domain/errors.ts';

/**
 * The counter need not reach the disk by itself: an opened ticket is committed later and takes this write with it, since
 * the write-ahead log is flushed in order.
 */
const TAKE = `
  with relaxed as (select set_config('synchronous_commit', 'off', true))
  update deskwire.ticket_numbers set last = last + $1 from relaxed returning last::text`;

interface Waiting {
  readonly resolve: (number: number) => void;
  readonly reject: (error: unknown) => void;
}

export function createTicketNumbers(pool: Pool): () => Promise<number> {
  let waiting: Waiting[] = [];
  let fetching = false;

  async function fetchAll(): Promise<void> {
    fetching = true;
    while (waiting.length > 0) {
      const batch = waiting;
      waiting = [];
      try {
        const { rows } = await pool.query<{ last: string }>(TAKE, [batch.length]);
        const first = Number(rows[0]?.last) - batch.length + 1;
        for (const [index, one] of batch.entries()) one.resolve(first + index);
      } catch (cause) {
        const error = new DeskwireError('unavailable', 'The database cannot be reached', { retryAfter: 1, cause });
        for (const one of batch) one.reject(error);
      }
    }
    fetching = false;
  }

  return () => {
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    waiting.push({ resolve, reject });
    if (!fetching) void fetchAll();
    return promise;
  };
}
