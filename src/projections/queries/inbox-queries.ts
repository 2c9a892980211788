/**
 * Queries on inboxes. Only staff get previews of internal notes; a viewer who was staff when notified, and is no
 * longer, gets none.
 */
import type { InboxHead, NotificationBody, NotificationView } from '../../domain/notification/inbox.ts';
import { isStaff } from '../../domain/user/identity.ts';
import { decodeNumberCursor, encodeCursor } from './cursor.ts';
import type { Queries } from './queries.ts';
import type { ReadModels, Run } from './read-models.ts';

interface NotificationRow {
  readonly id: string;
  readonly seq: number;
  readonly internal: boolean;
  readonly read: boolean;
  readonly body: NotificationBody;
}

interface RangesRow {
  readonly seq: number;
  readonly unread: number;
  readonly unseen: number;
  readonly ranges: readonly [number, number][] | null;
}

const CURSOR = 'notifications';
/** Greater than any seq. */
const ANY_SEQ = 2_147_483_647;

export function inboxQueries(
  run: Run,
  models: ReadModels,
): Pick<Queries, 'notifications' | 'notificationsAfter' | 'inbox' | 'unreadNotifications'> {
  const select = `
    select n.id, n.seq, n.internal, n.read or n.seq <= i.read_up_to as read, n.body
    from ${models.inboxes} i join ${models.notifications} n on n.user_id = i.user_id
    where i.user_id = $1 and ($2 or not n.internal)`;
  const before = `${select} and n.seq < $3 order by n.seq desc limit $4`;
  const unreadBefore = `${select} and n.seq < $3 and n.seq > i.read_up_to and not n.read order by n.seq desc limit $4`;
  const after = `${select} and n.seq > $3 order by n.seq limit $4`;
  const counts = `i.seq, i.unread + case when $2 then i.unread_internal else 0 end as unread,
    i.unseen + case when $2 then i.unseen_internal else 0 end as unseen, i.removed`;
  const head = `select ${counts} from ${models.inboxes} i where i.user_id = $1`;
  // Consecutive unread notifications have the same distance between seq and rank among the unread.
  const ranges = `
    select ${counts}, (
      select json_agg(json_build_array(r.first, r.last) order by r.first) from (
        select min(u.seq) as first, max(u.seq) as last from (
          select n.seq, n.seq - row_number() over (order by n.seq) as distance from ${models.notifications} n
          where n.user_id = i.user_id and n.seq > i.read_up_to and not n.read and ($2 or not n.internal)
        ) u
        group by u.distance order by first desc limit $3
      ) r
    ) as ranges
    from ${models.inboxes} i where i.user_id = $1`;

  return {
    async notifications(viewer, { unread = false, cursor, limit }) {
      const end = cursor === undefined ? ANY_SEQ : decodeNumberCursor(CURSOR, cursor);
      const [name, text] = unread ? ['unread_notifications', unreadBefore] : ['notifications', before];
      const rows = await run<NotificationRow>(name, text, [viewer.id, isStaff(viewer.role), end, limit + 1]);
      const items = rows.slice(0, limit).map(notificationView);
      const last = items.at(-1);
      return { items, nextCursor: rows.length > limit && last ? encodeCursor(CURSOR, last.seq) : null };
    },

    async notificationsAfter(viewer, seq, limit) {
      const start = Math.min(seq, ANY_SEQ);
      const rows = await run<NotificationRow>('notifications_after', after, [
        viewer.id,
        isStaff(viewer.role),
        start,
        limit,
      ]);
      return rows.map(notificationView);
    },

    async inbox(viewer) {
      const [row] = await run<InboxHead>('inbox', head, [viewer.id, isStaff(viewer.role)]);
      return row ?? { seq: 0, unread: 0, unseen: 0, removed: 0 };
    },

    async unreadNotifications(viewer, limit) {
      const [row] = await run<RangesRow>('unread_notifications_ranges', ranges, [
        viewer.id,
        isStaff(viewer.role),
        limit,
      ]);
      if (row === undefined) return { from: 1, upTo: 0, count: 0, unseen: 0, ranges: [] };
      const found = row.ranges ?? [];
      // With `limit` ranges there may be earlier ones, so the answer starts at the first range found.
      const from = found.length < limit ? 1 : (found[0]?.[0] ?? 1);
      return { from, upTo: row.seq, count: row.unread, unseen: row.unseen, ranges: found };
    },
  };
}

function notificationView({ id, seq, read, internal, body }: NotificationRow): NotificationView {
  return { id, seq, ...body, read, internal };
}
