/**
 * The read model of ticket chats: messages, conversations (one per ticket) and readers (how far each user has read).
 *
 * Unread counts need no fan-out. Each conversation counts its messages. Each message stores the count up to and
 * including itself. Each reader stores the count at the last message that they have read, so unread = count − count at
 * the cursor. A new message updates one conversation, however many people are on the ticket. SYSTEM messages do not
 * count. There are two counts, one of all messages and one of the public ones. The reader's role at the time of the
 * query decides which one applies, so no internal note counts for a user who may not see it.
 *
 * A post moves its author's cursor to the new message, and cursors never go back. So a user's own messages are never
 * after their cursor, whatever the order of posts and reads.
 */
import type { Projection } from '../engine/projection.ts';
import { foldConversations } from './conversation-batch.ts';

export const messagesProjection: Projection = {
  name: 'messages',
  version: 2,
  // `write` first moves the counts of `conversations`. A message's counts are those, less the messages that follow it.
  ddl: `
    create table conversations (
      ticket_id text collate "C" primary key,
      -- The last version of the ticket's stream that is handled.
      version integer not null,
      public_count integer not null,
      all_count integer not null,
      -- SYSTEM messages included.
      public_total integer not null,
      all_total integer not null,
      -- The versions of the events that only staff may see, in order. A public version leaves out those up to it:
      -- version - width_bucket(version, internal_versions).
      internal_versions integer[] not null
    ) with (fillfactor = 70);

    create table messages (
      ticket_id text collate "C" not null,
      version integer not null,
      -- The version without the events that only staff may see.
      public_version integer not null,
      internal boolean not null,
      -- The conversation's counts at this message, itself included.
      public_count integer not null,
      all_count integer not null,
      body json not null,
      primary key (ticket_id, version)
    );

    -- People on the ticket, and other users who have read it. A null flag is false.
    create table readers (
      ticket_id text collate "C" not null,
      user_id text collate "C" not null,
      -- From the ticket's latest event that names the user.
      name text,
      role text,
      is_requester boolean,
      is_assignee boolean,
      is_participant boolean,
      -- The version up to which they have read, and the conversation's count there.
      read_version integer not null,
      all_read integer not null,
      -- The same without notes: a public version and count. Posting or reading notes does not move them.
      public_read_version integer not null,
      public_read integer not null,
      primary key (ticket_id, user_id)
    ) with (fillfactor = 70);

    create function write(deleted json, conversation_rows json, message_rows json, reader_rows json) returns void
    language plpgsql
    set search_path from current
    -- Force indexes: the plan made for a small table is kept while the table grows.
    set enable_seqscan = off
    set enable_hashjoin = off
    set enable_mergejoin = off
    as $$
    begin
      if json_array_length(deleted) > 0 then
        delete from messages where ticket_id in (select json_array_elements_text(deleted));
        delete from readers where ticket_id in (select json_array_elements_text(deleted));
        delete from conversations where ticket_id in (select json_array_elements_text(deleted));
      end if;

      insert into conversations as c
      select r.id, r.version, r.public_count, r.all_count, r.public_total, r.all_total, r.internal_versions
      from json_to_recordset(conversation_rows) as r(
        id text, version integer, public_count integer, all_count integer, public_total integer, all_total integer,
        internal_versions integer[]
      )
      on conflict (ticket_id) do update set
        version = excluded.version,
        public_count = c.public_count + excluded.public_count,
        all_count = c.all_count + excluded.all_count,
        public_total = c.public_total + excluded.public_total,
        all_total = c.all_total + excluded.all_total,
        internal_versions = case
          when excluded.internal_versions = '{}' then c.internal_versions
          else c.internal_versions || excluded.internal_versions
        end;

      insert into messages
      select c.ticket_id, r.version, r.version - width_bucket(r.version, c.internal_versions), r.internal,
        c.public_count - r.public_after, c.all_count - r.all_after, r.body
      from json_to_recordset(message_rows) as r(
        id text, version integer, internal boolean, public_after integer, all_after integer, body json
      )
      join conversations c on c.ticket_id = r.id;

      insert into readers as k
      select r.id, r.user_id, r.name, r.role, r.requester, r.assignee, r.participant,
        coalesce(r.read, 0), coalesce(m.all_count, 0),
        coalesce(r.public_read - width_bucket(r.public_read, c.internal_versions), 0), coalesce(p.public_count, 0)
      from json_to_recordset(reader_rows) as r(
        id text, user_id text, name text, role text, requester boolean, assignee boolean, participant boolean,
        read integer, public_read integer
      )
      join conversations c on c.ticket_id = r.id
      left join lateral (
        select m.all_count from messages m
        where m.ticket_id = r.id and m.version <= r.read order by m.version desc limit 1
      ) m on true
      left join lateral (
        select m.public_count from messages m
        where m.ticket_id = r.id and m.version <= r.public_read order by m.version desc limit 1
      ) p on true
      on conflict (ticket_id, user_id) do update set
        name = coalesce(excluded.name, k.name),
        role = coalesce(excluded.role, k.role),
        is_requester = coalesce(excluded.is_requester, k.is_requester),
        is_assignee = coalesce(excluded.is_assignee, k.is_assignee),
        is_participant = coalesce(excluded.is_participant, k.is_participant),
        read_version = greatest(k.read_version, excluded.read_version),
        public_read_version = greatest(k.public_read_version, excluded.public_read_version),
        public_read = greatest(k.public_read, excluded.public_read),
        all_read = greatest(k.all_read, excluded.all_read);
    end $$;
  `,
  start: () => ({ fold: foldConversations }),
};
