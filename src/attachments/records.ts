/**
 * The records of attachments in the database. The log decides whether a message names an attachment: a command first
 * claims it, which excludes other commands, and the command's event confirms the claim. The two writes need no
 * transaction: after a crash in between, the log shows whether the claim was confirmed.
 *
 * An attachment is unused, then claimed for a moment, then used forever.
 */
import type { Pool } from 'pg';
import type { Attachment } from '../domain/ticket/events.ts';

export interface AttachmentRecord extends Attachment {
  readonly ticketId: string;
  readonly uploaderId: string;
  readonly storageKey: string;
  /** Whether the message that names it is internal; undefined while no message names it. */
  readonly internal: boolean | undefined;
}

export interface NewRecord extends Omit<AttachmentRecord, 'internal'> {}

export type StoredRecord = Pick<AttachmentRecord, 'id' | 'storageKey'>;

export interface Claim {
  readonly ticketId: string;
  readonly uploaderId: string;
  /** Id of the command that posts the message; a retry finds its own claim by it. */
  readonly commandId: string;
  /** Distinct UUIDs. */
  readonly ids: readonly string[];
}

export interface Records {
  add(record: NewRecord): Promise<void>;
  find(id: string): Promise<AttachmentRecord | undefined>;
  /** Claims those of the ids that this uploader may name in this ticket, and returns them in no order. */
  claim(claim: Claim): Promise<Attachment[]>;
  /** Releases the claims of a command that recorded no event. */
  release(ticketId: string, commandId: string): Promise<void>;
  /** Counts the uploads of a user that no message names. */
  unused(uploaderId: string): Promise<number>;
  /** The bytes of a user's uploads of the last 24 hours. */
  bytesOfDay(uploaderId: string): Promise<number>;
  /** Returns up to `limit` uploads that no message names and none can name any longer. */
  abandoned(limit: number): Promise<StoredRecord[]>;
  /** Returns up to `limit` attachments of tickets that were deleted some time ago. */
  ofDeletedTickets(limit: number): Promise<StoredRecord[]>;
  remove(id: string): Promise<void>;
}

/** An upload is usable for a day. It is removed an hour later, when no command that names it can still be in flight. */
const USABLE = `interval '1 day'`;
const ABANDONED = `interval '25 hours'`;
/** Files of a deleted ticket are kept for a while, in case that a backup from before the deletion is restored. */
const DELETED = `interval '7 days'`;
/** A command that is not in the log after this time has failed, and another command may take its claims. */
const CLAIM = `interval '1 minute'`;

/** The event that names the claimed attachment `a`. Stream and command id are a unique index of the log. */
const NAMING_EVENT = `
  select (e.data->>'internal')::boolean as internal from deskwire.events e
  where e.stream = 'ticket.' || a.ticket_id and e.command_id = a.command_id and e.type = 'MessagePosted'
    and a.id::text in (select named->>'id' from json_array_elements(e.data->'attachments') named)`;

const ADD = `
  insert into deskwire.attachments (id, ticket_id, uploader_id, name, size, mime_type, storage_key)
  values ($1, $2, $3, $4, $5, $6, $7)`;

const FIND = `
  select a.id, a.ticket_id, a.uploader_id, a.name, a.size, a.mime_type, a.storage_key,
    coalesce(a.internal, (${NAMING_EVENT})) as internal
  from deskwire.attachments a where a.id = $1`;

// Rows are locked in one order, so that two commands that name the same attachments do not deadlock.
const CLAIM_SOME = `
  with wanted as (
    select a.id from deskwire.attachments a
    where a.id = any ($1::uuid[]) and a.ticket_id = $2 and a.uploader_id = $3
    order by a.id for update
  )
  update deskwire.attachments a set command_id = $4, claimed_at = now()
  from wanted w where w.id = a.id and (
    a.command_id = $4
    or a.created_at > now() - ${USABLE} and (
      a.command_id is null
      or a.internal is null and a.claimed_at < now() - ${CLAIM} and not exists (${NAMING_EVENT})
    )
  )
  returning a.id, a.name, a.size, a.mime_type`;

const RELEASE = `
  update deskwire.attachments a set command_id = null, claimed_at = null
  where a.ticket_id = $1 and a.command_id = $2 and a.internal is null and not exists (${NAMING_EVENT})`;

const UNUSED = `
  select count(*)::integer as unused from deskwire.attachments a
  where a.uploader_id = $1 and a.internal is null and (a.command_id is null or not exists (${NAMING_EVENT}))`;

const SETTLE = `
  update deskwire.attachments a set internal = (${NAMING_EVENT})
  where a.internal is null and a.command_id is not null and exists (${NAMING_EVENT})`;

const ABANDONED_SOME = `
  select a.id, a.storage_key from deskwire.attachments a
  where a.internal is null and a.created_at < now() - ${ABANDONED}
    and (a.command_id is null or not exists (${NAMING_EVENT}))
  limit $1`;

const BYTES_OF_DAY = `
  select coalesce(sum(size), 0)::bigint as bytes from deskwire.attachments
  where uploader_id = $1 and created_at > now() - interval '1 day'`;

const OF_DELETED_TICKETS = `
  select a.id, a.storage_key from deskwire.attachments a
  where a.ticket_id in (
    select substr(e.stream, length('ticket.') + 1) from deskwire.events e
    where e.type = 'TicketDeleted' and e.time < now() - ${DELETED}
  )
  limit $1`;

const REMOVE = 'delete from deskwire.attachments where id = $1';

interface Row {
  readonly id: string;
  readonly ticket_id: string;
  readonly uploader_id: string;
  readonly name: string;
  readonly size: number;
  readonly mime_type: string;
  readonly storage_key: string;
  readonly internal: boolean | null;
}

export function createRecords(pool: Pool): Records {
  return {
    async add({ id, ticketId, uploaderId, name, size, mimeType, storageKey }) {
      await pool.query(ADD, [id, ticketId, uploaderId, name, size, mimeType, storageKey]);
    },
    async find(id) {
      const { rows } = await pool.query<Row>(FIND, [id]);
      const [row] = rows;
      return row && recordOf(row);
    },
    async claim({ ticketId, uploaderId, commandId, ids }) {
      const { rows } = await pool.query<Row>(CLAIM_SOME, [ids, ticketId, uploaderId, commandId]);
      return rows.map(({ id, name, size, mime_type: mimeType }) => ({ id, name, size, mimeType }));
    },
    async release(ticketId, commandId) {
      await pool.query(RELEASE, [ticketId, commandId]);
    },
    async unused(uploaderId) {
      const { rows } = await pool.query<{ unused: number }>(UNUSED, [uploaderId]);
      return rows[0]?.unused ?? 0;
    },
    async bytesOfDay(uploaderId) {
      const { rows } = await pool.query<{ bytes: string }>(BYTES_OF_DAY, [uploaderId]);
      return Number(rows[0]?.bytes ?? 0);
    },
    async abandoned(limit) {
      // Confirmed claims are marked as used first, so that later queries need not look them up in the log.
      await pool.query(SETTLE);
      const { rows } = await pool.query<Row>(ABANDONED_SOME, [limit]);
      return rows.map(storedOf);
    },
    async ofDeletedTickets(limit) {
      const { rows } = await pool.query<Row>(OF_DELETED_TICKETS, [limit]);
      return rows.map(storedOf);
    },
    async remove(id) {
      await pool.query(REMOVE, [id]);
    },
  };
}

function storedOf({ id, storage_key: storageKey }: Row): StoredRecord {
  return { id, storageKey };
}

function recordOf(row: Row): AttachmentRecord {
  return {
    id: row.id,
    ticketId: row.ticket_id,
    uploaderId: row.uploader_id,
    name: row.name,
    size: row.size,
    mimeType: row.mime_type,
    storageKey: row.storage_key,
    internal: row.internal ?? undefined,
  };
}
