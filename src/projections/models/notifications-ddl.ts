/** The tables of the notifications projection, and the function that writes a batch to them. */
import { NOTIFIED_OF_NEW_TICKETS } from '../../domain/access.ts';

/** Without this index `write` finds a notification by id among the user's unread ones. */
export const notificationsIndexes = 'create index if not exists notifications_by_id on notifications (user_id, id)';

export const notificationsDdl = `
  -- The facts that the rules need.
  create table users (id text collate "C" primary key, facts json not null);
  create index users_admins on users (id) where facts->>'role' = '${NOTIFIED_OF_NEW_TICKETS}';
  create table tickets (id text collate "C" primary key, state json not null) with (fillfactor = 70);
  create index tickets_by_grn on tickets ((state->>'grnId')) where state->>'grnId' is not null;
  create index tickets_by_dispatch on tickets ((state->>'dispatchId')) where state->>'dispatchId' is not null;
  -- GRNs and dispatches by the id of their streams.
  create table related (id text collate "C" primary key, facts json not null);

  create table inboxes (
    user_id text collate "C" primary key,
    -- The seq of the newest notification.
    seq integer not null,
    -- Notifications up to this seq are read. Beyond it, a notification's own flag decides.
    read_up_to integer not null,
    -- Internal notifications are counted apart.
    unread integer not null,
    unread_internal integer not null,
    -- The newest seq when the user last saw the inbox, and the number of unread notifications beyond it.
    seen_up_to integer not null,
    unseen integer not null,
    unseen_internal integer not null,
    -- The number of notifications that have left the inbox.
    removed integer not null
  ) with (fillfactor = 70);

  create table notifications (
    user_id text collate "C" not null,
    seq integer not null,
    id text collate "C" not null,
    internal boolean not null,
    read boolean not null,
    body json not null,
    -- Null for one sent through the API. The version in the stream of a message that it announces.
    ticket_id text collate "C",
    message_version integer,
    primary key (user_id, seq)
  );
  create index notifications_by_ticket on notifications (ticket_id, user_id, message_version) where ticket_id is not null;

  create function write(
    user_rows json, ticket_rows json, deleted_tickets json,
    inbox_rows json, notification_rows json, id_reads json, all_reads json, seen_rows json, readers json,
    related_rows json, conversation_reads json, gone json
  ) returns json
  language plpgsql
  set search_path from current
  -- Force indexes: the plan made for a small table is kept while the table grows.
  set enable_seqscan = off
  set enable_hashjoin = off
  set enable_mergejoin = off
  as $$
  declare
    conversation_ids json := (
      select coalesce(json_agg(json_build_object('user_id', n.user_id, 'id', n.id)), '[]')
      from json_to_recordset(conversation_reads) as r(user_id text, ticket_id text, up_to integer)
      join inboxes i on i.user_id = r.user_id
      join notifications n on n.ticket_id = r.ticket_id and n.user_id = r.user_id and n.message_version <= r.up_to
      where not n.read and n.seq > i.read_up_to
    );
    every_id json := (
      select coalesce(json_agg(r), '[]') from (
        select json_array_elements(id_reads) as r union all select json_array_elements(conversation_ids)
      ) as e
    );
    read_by_id text[] := array(select distinct r->>'user_id' from json_array_elements(every_id) as r);
    gone_users text[] := '{}';
    read_all text[] := array(select distinct r->>'user_id' from json_array_elements(all_reads) as r);
    seen text[] := array(select distinct r->>'user_id' from json_array_elements(seen_rows) as r);
    reading text[] := array(select json_array_elements_text(readers));
    before_users text[];
    before_read integer[];
  begin
    if reading <> '{}' then
      select array_agg(user_id), array_agg(read_up_to) into before_users, before_read
      from inboxes where user_id = any (reading);
    end if;

    insert into users select r->>'id', r from json_array_elements(user_rows) as r
    on conflict (id) do update set facts = excluded.facts;
    insert into related select r.id, r.facts from json_to_recordset(related_rows) as r(id text, facts json)
    on conflict (id) do update set facts = excluded.facts;
    delete from tickets where id in (select json_array_elements_text(deleted_tickets));
    insert into tickets select r.id, r.state from json_to_recordset(ticket_rows) as r(id text, state json)
    on conflict (id) do update set state = excluded.state;

    if read_by_id <> '{}' then
      with newly_read as (
        update notifications n set read = true
        from json_to_recordset(every_id) as r(user_id text, id text), inboxes i
        where n.user_id = r.user_id and n.id = r.id and not n.read and i.user_id = n.user_id and n.seq > i.read_up_to
        returning n.user_id, n.internal, n.seq > i.seen_up_to as unseen
      )
      update inboxes i set
        unread = i.unread - c.public_count,
        unread_internal = i.unread_internal - c.internal_count,
        unseen = i.unseen - c.public_unseen,
        unseen_internal = i.unseen_internal - c.internal_unseen
      from (
        select user_id,
          count(*) filter (where not internal) as public_count,
          count(*) filter (where internal) as internal_count,
          count(*) filter (where not internal and unseen) as public_unseen,
          count(*) filter (where internal and unseen) as internal_unseen
        from newly_read group by user_id
      ) as c
      where i.user_id = c.user_id;
    end if;

    insert into inboxes as i
    select r.user_id, r.added, 0, r.unread, r.unread_internal, 0, r.unread, r.unread_internal, 0
    from json_to_recordset(inbox_rows) as r(user_id text, added integer, unread integer, unread_internal integer)
    on conflict (user_id) do update set
      seq = i.seq + excluded.seq,
      unread = i.unread + excluded.unread,
      unread_internal = i.unread_internal + excluded.unread_internal,
      unseen = i.unseen + excluded.unseen,
      unseen_internal = i.unseen_internal + excluded.unseen_internal;

    insert into notifications
    select r.user_id, i.seq - r.after, r.id, r.internal, r.read, r.body, r.ticket_id, r.message_version
    from json_to_recordset(notification_rows) as r(
      user_id text, after integer, id text, internal boolean, read boolean, body json, ticket_id text,
      message_version integer
    )
    join inboxes i on i.user_id = r.user_id;

    if read_all <> '{}' then
      update inboxes i set read_up_to = greatest(i.read_up_to, m.up_to)
      from (
        select r.user_id, max(least(r.up_to, i.seq - r.after)) as up_to
        from json_to_recordset(all_reads) as r(user_id text, up_to integer, after integer)
        join inboxes i on i.user_id = r.user_id
        group by r.user_id
      ) as m
      where i.user_id = m.user_id;

      update inboxes i set (unread, unread_internal) = (
        select count(*) filter (where not n.internal), count(*) filter (where n.internal)
        from notifications n where n.user_id = i.user_id and n.seq > i.read_up_to and not n.read
      )
      where i.user_id = any (read_all);
    end if;

    if seen <> '{}' then
      update inboxes i set seen_up_to = greatest(i.seen_up_to, m.up_to)
      from (
        select r.user_id, max(least(r.up_to, i.seq - r.after)) as up_to
        from json_to_recordset(seen_rows) as r(user_id text, up_to integer, after integer)
        join inboxes i on i.user_id = r.user_id
        group by r.user_id
      ) as m
      where i.user_id = m.user_id;
    end if;

    if read_all <> '{}' or seen <> '{}' then
      update inboxes i set (unseen, unseen_internal) = (
        select count(*) filter (where not n.internal), count(*) filter (where n.internal)
        from notifications n
        where n.user_id = i.user_id and n.seq > greatest(i.read_up_to, i.seen_up_to) and not n.read
      )
      where i.user_id = any (read_all || seen);
    end if;

    -- What somebody may no longer see leaves their inbox. Its seqs are not given again.
    if json_array_length(gone) > 0 then
      with removed as (
        delete from notifications n
        using json_to_recordset(gone) as g(ticket_id text, user_id text, position bigint)
        where n.ticket_id = g.ticket_id and (g.user_id is null or n.user_id = g.user_id)
          and (n.body->>'position')::bigint < g.position
        returning n.user_id
      ), counted as (
        update inboxes i set removed = i.removed + r.count
        from (select user_id, count(*) as count from removed group by user_id) as r
        where i.user_id = r.user_id
        returning i.user_id
      )
      select coalesce(array_agg(user_id), '{}') into gone_users from counted;

      update inboxes i set (unread, unread_internal, unseen, unseen_internal) = (
        select count(*) filter (where not n.internal), count(*) filter (where n.internal),
          count(*) filter (where not n.internal and n.seq > i.seen_up_to),
          count(*) filter (where n.internal and n.seq > i.seen_up_to)
        from notifications n where n.user_id = i.user_id and n.seq > i.read_up_to and not n.read
      )
      where i.user_id = any (gone_users);
      reading := reading || gone_users;
    end if;

    -- Normalize, so that the rows do not depend on how events were batched: read_up_to moves up to the first unread
    -- notification, and flags are set beyond it only. So a search for unread notifications never passes read ones.
    if reading <> '{}' then
      update inboxes i set read_up_to = coalesce((
        select n.seq - 1 from notifications n
        where n.user_id = i.user_id and n.seq > i.read_up_to and not n.read order by n.seq limit 1
      ), i.seq)
      where i.user_id = any (reading);

      update notifications n set read = false
      from inboxes i
      left join unnest(before_users, before_read) as b(user_id, read_up_to) on b.user_id = i.user_id
      where i.user_id = any (reading) and n.user_id = i.user_id
        and n.seq > coalesce(b.read_up_to, 0) and n.seq <= i.read_up_to and n.read;
    end if;

    return (
      select coalesce(json_agg(w), '[]') from (
        select i.*, i.user_id = any (gone_users) as gone, array(
          select c->>'id' from json_array_elements(conversation_ids) as c where c->>'user_id' = i.user_id
        ) as conversation_read
        from inboxes i
        where i.user_id in (select r->>'user_id' from json_array_elements(inbox_rows) as r)
          or i.user_id = any (gone_users)
      ) as w
    );
  end $$;
`;
