/** Queries on ticket chats: pages of messages, participants, and unread counts. */
import { maySeeTicket } from '../../domain/access.ts';
import type { Category } from '../../domain/ticket/fields.ts';
import type { Message } from '../../domain/ticket/message.ts';
import type { View } from '../../domain/ticket/public-view.ts';
import { isStaff, LEAST_ROLE, type Role } from '../../domain/user/identity.ts';
import { createBatcher } from '../../support/batcher.ts';
import type { MessagePage, Queries } from './queries.ts';
import type { ReadModels, Run } from './read-models.ts';

interface PageRow {
  readonly version: number;
  readonly public_version: number;
  readonly public_total: number;
  readonly all_total: number;
  /** Oldest first. */
  readonly messages: readonly Message[] | null;
  /** The public versions of `messages`, and the present names of their senders. */
  readonly public_versions: readonly number[] | null;
  readonly names: readonly (string | null)[] | null;
}

interface ParticipantRow {
  readonly user_id: string;
  readonly name: string;
  readonly role: Role;
  readonly active: boolean;
  readonly read_version: number;
  readonly public_read_version: number;
  readonly public_unread: number;
  readonly all_unread: number;
}

interface UnreadRow {
  /** The number of the question that this row answers, from 1. */
  readonly n: number;
  readonly requester_id: string;
  readonly assignee_id: string | null;
  /** Whether the asking user was added as a participant. */
  readonly participates: boolean;
  readonly category: Category;
  readonly vendor_ids: readonly string[];
  readonly grn_verified_by: string | null;
  readonly public_unread: number;
  readonly all_unread: number;
}

/** The messages with the versions of the view, and with the present names of their senders. */
function shownMessages({ messages, public_versions: versions, names }: PageRow, view: View): Message[] {
  return (messages ?? []).map((message, index) => ({
    ...message,
    version: view === 'staff' ? message.version : (versions?.[index] ?? message.version),
    sender: { ...message.sender, name: names?.[index] ?? message.sender.name },
  }));
}

/** Greater than any version. */
const ANY_VERSION = 2_147_483_647;

/** Bounds a version to the range of an integer in Postgres. */
const upTo = (version = ANY_VERSION) => Math.min(version, ANY_VERSION);

export function messageQueries(run: Run, models: ReadModels): Pick<Queries, 'messages' | 'participants' | 'unread'> {
  // One statement reads the conversation and its messages, so that both are of the same moment.
  // Public versions have no index: a version differs from its public version by no more than the internal events.
  const page = (condition: string, order: string) => `
    select c.version, c.version - cardinality(c.internal_versions) as public_version, c.public_total, c.all_total,
      p.messages, p.public_versions, p.names
    from ${models.conversations} c
    cross join lateral (
      select json_agg(p.body order by p.version) as messages,
        json_agg(p.public_version order by p.version) as public_versions,
        json_agg(u.name order by p.version) as names
      from (
        select m.version, m.public_version, m.body from ${models.messages} m
        where m.ticket_id = c.ticket_id and ${condition}
        order by m.version ${order} limit $3
      ) p
      left join ${models.users} u on u.id = p.body->>'senderId'
    ) p
    where c.ticket_id = $1`;
  const pages = {
    staff: {
      before: page('m.version < $2 and ($4 or not m.internal)', 'desc'),
      after: page('m.version > $2 and ($4 or not m.internal)', 'asc'),
    },
    public: {
      before: page(
        `m.version < $2::bigint + cardinality(c.internal_versions) and m.public_version < $2 and not m.internal`,
        'desc',
      ),
      after: page('m.version > $2 and m.public_version > $2 and not m.internal', 'asc'),
    },
  };

  const unreadCounts = `
    c.public_count - coalesce(k.public_read, 0) as public_unread, c.all_count - coalesce(k.all_read, 0) as all_unread`;
  const participants = `
    select k.user_id, coalesce(u.name, k.name, k.user_id) as name, coalesce(u.role, k.role, '${LEAST_ROLE}') as role,
      coalesce(u.active, true) as active, k.read_version, k.public_read_version, ${unreadCounts}
    from ${models.readers} k
    join ${models.conversations} c on c.ticket_id = k.ticket_id
    left join ${models.users} u on u.id = k.user_id
    where k.ticket_id = $1 and (k.is_requester or k.is_assignee or k.is_participant)
    order by k.is_requester is true desc, k.is_assignee is true desc, k.user_id`;
  // Returns a row for each question whose ticket exists.
  const unreads = `
    select n::integer, t.requester_id, t.assignee_id, t.added_ids @> array[asked.user_id] as participates,
      t.category, t.vendor_ids, t.grn_verified_by, ${unreadCounts}
    from unnest($1::text[], $2::text[]) with ordinality as asked (ticket_id, user_id, n)
    join ${models.conversations} c on c.ticket_id = asked.ticket_id
    join ${models.tickets} t on t.id = c.ticket_id
    left join ${models.readers} k on k.ticket_id = c.ticket_id and k.user_id = asked.user_id`;

  /** Every connected user asks after nearly every message, so questions that come together share one statement. */
  const unreadRow = createBatcher<{ ticketId: string; userId: string }, UnreadRow | undefined>(
    async (asked) => {
      const values = [asked.map(({ ticketId }) => ticketId), asked.map(({ userId }) => userId)];
      const found: (UnreadRow | undefined)[] = Array.from(asked, () => undefined);
      for (const row of await run<UnreadRow>('unreads', unreads, values)) found[row.n - 1] = row;
      return found;
    },
    { size: 500, concurrency: 1 },
  );

  return {
    async messages(ticketId, { view, internal = view === 'staff', limit, before, after }): Promise<MessagePage> {
      const forward = after !== undefined;
      const [name, text, from] = forward
        ? [`messages_after_${view}`, pages[view].after, after]
        : [`messages_before_${view}`, pages[view].before, before];
      const [row] = await run<PageRow>(name, text, [
        ticketId,
        upTo(from),
        limit + 1,
        ...(view === 'staff' ? [internal] : []),
      ]);
      if (row === undefined) {
        return { messages: [], hasMore: false, nextCursor: null, total: 0, version: 0, streamVersion: 0 };
      }
      const found = shownMessages(row, view);
      const hasMore = found.length > limit;
      const messages = !hasMore ? found : forward ? found.slice(0, limit) : found.slice(found.length - limit);
      const edge = forward ? messages.at(-1) : messages[0];
      return {
        messages,
        hasMore,
        nextCursor: hasMore && edge ? String(edge.version) : null,
        total: internal ? row.all_total : row.public_total,
        version: view === 'staff' ? row.version : row.public_version,
        streamVersion: row.version,
      };
    },

    async participants(ticketId, view) {
      const rows = await run<ParticipantRow>('participants', participants, [ticketId]);
      return rows.map((row) => ({
        userId: row.user_id,
        name: row.name,
        role: row.role,
        lastReadVersion: view === 'staff' ? row.read_version : row.public_read_version,
        unread: row.active && isStaff(row.role) ? row.all_unread : row.public_unread,
      }));
    },

    async unread(ticketId, viewer) {
      const row = await unreadRow({ ticketId, userId: viewer.id });
      if (row === undefined) return 0;
      const visible = maySeeTicket(viewer, {
        requesterId: row.requester_id,
        assigneeId: row.assignee_id,
        participantIds: { has: () => row.participates },
        category: row.category,
        relations: {
          vendorIds: row.vendor_ids,
          ...(row.grn_verified_by !== null && { grnVerifiedBy: row.grn_verified_by }),
        },
      });
      if (!visible) return 0;
      return isStaff(viewer.role) ? row.all_unread : row.public_unread;
    },
  };
}
