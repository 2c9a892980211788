/** Writes to the log, as an append does, and names what prevents it. */
import type { Pool } from 'pg';
import { checkWrites, WritesRefused } from '../../eventlog/write-check.ts';
import { messageOf } from '../../support/start-failure.ts';
import { error, type Finding, ok } from './finding.ts';

const ADVICE: Record<WritesRefused['reason'], string> = {
  'read-only': 'connect to the primary, or turn default_transaction_read_only off',
  'disk full': 'free space on the disk of PostgreSQL; nothing that was acknowledged is lost',
  locked: 'end that session: select pg_terminate_backend(its number)',
};

export async function examineWrites(pool: Pool): Promise<Finding> {
  try {
    await checkWrites(pool);
    return ok('writes', 'the log takes them');
  } catch (cause) {
    const advice = cause instanceof WritesRefused ? ADVICE[cause.reason] : 'see the log of PostgreSQL';
    return error('writes', messageOf(cause), advice);
  }
}
