/** Reading inboxes. Previews of internal notes are for staff, also when the viewer was staff when they were told. */
import { isStaff } from '../../domain/user/identity.ts';
import { decodeNumberCursor, encodeCursor } from '../cursor.ts';
import type { NotificationBody } from '../inbox-batch.ts';
import type { NotificationView, Queries } from '../queries.ts';
import type { ReadModels, Run } from './read-models.ts';

interface NotificationRow {
  readonly id: string;
  readonly seq: number;
  readonly internal: boolean;
  readonly read: boolean;
  readonly body: NotificationBody;
}

const CURSOR = 'notifications';
/** Greater than any seq. */
const ANY_SEQ = 2_147_483_647;

export function inboxQueries(
  run: Run,
  models: ReadModels,
): Pick<Queries, 'notifications' | 'notificationsAfter' | 'inbox'> {
  const select = `
    select n.id, n.seq, n.internal, n.read or n.seq <= i.read_up_to as read, n.body
    from ${models.inboxes} i join ${models.notifications} n on n.user_id = i.user_id
    where i.user_id = $1 and ($2 or not n.internal)`;
  const before = `${select} and n.seq < $3 order by n.seq desc limit $4`;
  const unreadBefore = `${select} and n.seq < $3 and n.seq > i.read_up_to and not n.read order by n.seq desc limit $4`;
  const after = `${select} and n.seq > $3 order by n.seq limit $4`;
  const head = `select seq, unread + case when $2 then unread_internal else 0 end as unread
    from ${models.inboxes} where user_id = $1`;

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
      const [row] = await run<{ seq: number; unread: number }>('inbox', head, [viewer.id, isStaff(viewer.role)]);
      return row ?? { seq: 0, unread: 0 };
    },
  };
}

function notificationView({ id, seq, read, internal, body }: NotificationRow): NotificationView {
  return { id, seq, ...body, read, internal };
}
