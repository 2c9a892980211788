/**
 * The requests for which keys were used, where the log has the command under another name. A key is claimed before its
 * command is decided, so that one of two simultaneous requests is refused. When the command is refused, the claim is
 * released, because a refused command is not remembered.
 */
import type { Pool } from 'pg';
import type { Stream } from '../domain/event.ts';

/** A key of a user for one use in one stream. */
export interface RequestKey {
  readonly stream: Stream;
  readonly commandId: string;
}

export interface RequestKeys {
  /** Returns the fingerprint of the request that the key belongs to: this one, or an earlier one. */
  claim(key: RequestKey, fingerprint: string): Promise<string>;
  release(key: RequestKey): Promise<void>;
}

// The update writes nothing new: it makes `returning` answer with the row of an earlier request.
const CLAIM = `
  insert into deskwire.request_keys as k (stream, command_id, fingerprint) values ($1, $2, $3)
  on conflict (stream, command_id) do update set fingerprint = k.fingerprint
  returning fingerprint`;
const RELEASE = 'delete from deskwire.request_keys where stream = $1 and command_id = $2';

export function createRequestKeys(pool: Pool): RequestKeys {
  return {
    async claim({ stream, commandId }, fingerprint) {
      const { rows } = await pool.query<{ fingerprint: string }>(CLAIM, [stream, commandId, fingerprint]);
      return rows[0]?.fingerprint ?? fingerprint;
    },
    async release({ stream, commandId }) {
      await pool.query(RELEASE, [stream, commandId]);
    },
  };
}
