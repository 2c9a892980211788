/**
 * A followed ticket: its state, kept current. All handles of a ticket share one follower. This user is present in the
 * ticket as long as there is a handle.
 */
import { createBackoff, type Pace } from './backoff.ts';
import { createEmitter, type Listenable } from './emitter.ts';
import { DeskwireError } from './errors.ts';
import { createFollower, type Follower } from './follower.ts';
import type { Http } from './http.ts';
import type { Link } from './link.ts';
import type { Outbox, OutboxEntry } from './outbox.ts';
import { outgoingOf } from './outgoing.ts';
import { createPeople, withReads } from './people.ts';
import { createPresence, type PresenceChange, type TypingChange } from './presence.ts';
import { createShares } from './shares.ts';
import type { Surroundings } from './surroundings.ts';
import { loadTicket, olderMessages } from './ticket-load.ts';
import { changesPeople, EMPTY_TICKET, merged, peopleAfter, type TicketState, ticketAfter } from './ticket-state.ts';
import { laneOf, POST, type Tickets } from './tickets.ts';
import type { Attachment, ChangeTicket, Message, PostMessage, StreamEvent, Ticket } from './types.ts';
import type { FileToUpload, UploadOptions } from './uploads.ts';

export interface TicketEvents {
  /** A new message of any user, once; also one that was posted while there was no connection. */
  message: Message;
  /** `state` was replaced. */
  change: TicketState;
  typing: TypingChange;
  presence: PresenceChange;
}

export interface TicketHandle extends Listenable<TicketEvents> {
  readonly id: string;
  /** The current state; a new object after each change. */
  readonly state: TicketState;
  /** Resolves once the state is live; rejects with `not_found` when this user may not see the ticket. */
  ready(): Promise<void>;
  /** Prepends older messages to `state.messages`; does nothing when there are no more. */
  loadOlder(limit?: number): Promise<void>;
  post(message: string | PostMessage): Promise<Message>;
  /** Marks messages as read, up to the newest or up to a version. */
  read(upTo?: number): Promise<void>;
  /** Call it with every key: it sends no more than needed, and the typing ends by itself. */
  typing(typing?: boolean, options?: { readonly internal?: boolean }): void;
  change(changes: ChangeTicket): Promise<Ticket>;
  upload(file: FileToUpload, options?: UploadOptions): Promise<Attachment>;
  /** Loads everything afresh, for a reload button. */
  reload(): void;
  /** Ends this handle and its listeners. */
  close(): void;
}

interface TicketDeps {
  readonly id: string;
  readonly link: Link;
  readonly http: Http;
  readonly outbox: Outbox;
  readonly tickets: Tickets;
  readonly surroundings: Surroundings;
  readonly pace: Pace;
  /** The user's id, once it is known. */
  me(): string | undefined;
  /** Milliseconds between two requests for the people, while they come and go. */
  readonly peopleEvery?: number;
}

const PEOPLE_EVERY = 1_000;

export interface TicketFollowing {
  handle(): TicketHandle;
  typing(typing: boolean, internal: boolean): void;
  close(): void;
}

export function followTicket(deps: TicketDeps, onUnused: () => void): TicketFollowing {
  const { id, link, http, outbox, tickets, surroundings } = deps;
  const stream = `ticket:${id}`;
  const events = createEmitter<TicketEvents>();
  let state: TicketState = EMPTY_TICKET;
  /** The version at which each part of the state was read; events up to that version do not change the part. */
  let versions = { ticket: 0, messages: 0 };
  /** The newest message that listeners know; undefined until something was loaded. */
  let newest: number | undefined;
  /** Acknowledged messages that are not in `messages` yet. */
  let sent: readonly Message[] = [];
  let closed = false;
  /**
   * Counts the values of `unread` that the socket reported. An answer to an earlier request is older than the last of
   * them.
   */
  let unreadRevision = 0;

  function update(changes: Partial<TicketState>): void {
    if (closed) return;
    state = { ...state, ...changes };
    events.emit('change', state);
  }

  function outgoing() {
    // Called after every event, so it returns early when nothing is on its way.
    const isOurs = ({ kind, lane }: OutboxEntry) => kind === POST && lane === laneOf(id);
    if (sent.length === 0 && !outbox.entries.some(isOurs)) return EMPTY_TICKET.outgoing;
    // Another sender's message may have the same `clientMessageId`: the id counts together with the sender.
    const own = state.messages.filter(({ senderId }) => senderId === deps.me());
    const shown = new Set(own.map(({ clientMessageId }) => clientMessageId));
    sent = sent.filter(({ clientMessageId }) => !shown.has(clientMessageId));
    return outgoingOf(id, outbox.entries, sent, shown);
  }

  function announce(messages: readonly Message[]): void {
    const last = newest;
    newest = Math.max(last ?? 0, messages.at(-1)?.version ?? 0);
    if (last === undefined) return;
    for (const message of messages) {
      if (message.version <= last) continue;
      presence.posted(message.senderId);
      events.emit('message', message);
    }
  }

  function apply(event: StreamEvent): void {
    const changes: { -readonly [Key in keyof TicketState]?: TicketState[Key] } = {};
    if (event.version > versions.ticket) {
      changes.ticket = ticketAfter(state.ticket, event);
      versions = { ...versions, ticket: event.version };
    }
    const posted: Message | undefined = event.data.message;
    const isNew = event.version > versions.messages;
    if (isNew && posted !== undefined) changes.messages = [...state.messages, posted];
    versions = { ...versions, messages: Math.max(versions.messages, event.version) };
    changes.people = peopleAfter(state.people, event);
    state = { ...state, ...changes };
    update({ outgoing: outgoing() });
    if (isNew && posted !== undefined) announce([posted]);
    if (changesPeople(event) || (event.type === 'MessagePosted' && !isUnreadReported(event))) people.refreshSoon();
  }

  /** Whether the sender and this user are on the ticket: then the server reports the new `unread` over the socket. */
  function isUnreadReported({ actor }: StreamEvent): boolean {
    return [actor?.id, deps.me()].every((id) => state.people.some(({ userId }) => userId === id));
  }

  const people = createPeople({
    ticketId: id,
    http,
    surroundings,
    delay: deps.peopleEvery ?? PEOPLE_EVERY,
    me: deps.me,
    unreadRevision: () => unreadRevision,
    onPeople(loaded, unread, revision) {
      // A value that the socket reported since is newer than this answer.
      const ticket = state.ticket && revision === unreadRevision ? { ...state.ticket, unread } : state.ticket;
      update({ ticket, people: withReads(loaded, state.people) });
    },
  });

  const presence = createPresence({
    ticketId: id,
    link,
    surroundings,
    onTyping(change, all) {
      update({ typing: all });
      events.emit('typing', change);
    },
    onPresence(change) {
      people.refreshSoon();
      events.emit('presence', change);
    },
  });

  const unsubscribes = [
    outbox.on('done', ({ entry, answer }) => {
      if (entry.kind === POST && entry.lane === laneOf(id)) sent = [...sent, answer as Message];
    }),
    outbox.on('change', () => {
      const next = outgoing();
      if (next !== state.outgoing) update({ outgoing: next });
    }),
    link.on('event', ({ name, payload }) => {
      if (name !== 'ticket_unread' || payload?.ticketId !== id || state.ticket === undefined) return;
      unreadRevision += 1;
      update({ ticket: { ...state.ticket, unread: payload.unread } });
    }),
  ];

  const follower: Follower = createFollower({
    link,
    surroundings,
    backoff: createBackoff(deps.pace, surroundings),
    source: {
      stream,
      async load(cursor) {
        const loaded = await loadTicket(http, id, cursor);
        return {
          version: Math.min(loaded.ticket.version, loaded.version),
          epoch: loaded.epoch,
          take() {
            const { continues } = loaded;
            const messages = continues ? merged(state.messages, loaded.messages) : loaded.messages;
            versions = { ticket: loaded.ticket.version, messages: loaded.version };
            state = {
              ...state,
              ticket: loaded.ticket,
              messages,
              hasOlder: continues ? state.hasOlder : loaded.hasOlder,
            };
            update({ outgoing: outgoing() });
            // Versions of a restored log start again: none of its messages is newer than those seen before.
            if (newest !== undefined && newest > loaded.version) newest = loaded.version;
            announce(loaded.messages);
          },
        };
      },
      apply,
      clear() {
        versions = { ticket: 0, messages: 0 };
        sent = [];
        update({ ticket: undefined, messages: [], hasOlder: false, people: [], typing: [] });
      },
      statusChanged: (status) => update({ status }),
      subscribed(version) {
        if (shares.count > 0) presence.join(version);
        void people.refresh();
      },
    },
  });
  update({ status: follower.status, outgoing: outgoing() });

  async function loadOlder(limit = 50): Promise<void> {
    const [oldest] = state.messages;
    const from = follower.cursor;
    if (!state.hasOlder || oldest === undefined || from === undefined) return;
    const page = await olderMessages(http, id, oldest.version, limit);
    // The user's view has changed, or the ticket was loaded afresh meanwhile: the page does not join the messages
    // shown.
    if (closed || page.epoch !== follower.cursor?.epoch || state.messages[0] !== oldest) return;
    update({ messages: merged(page.messages, state.messages), hasOlder: page.hasOlder });
  }

  function newestVersion(): number {
    return state.messages.at(-1)?.version ?? state.ticket?.version ?? 0;
  }

  function close(): void {
    closed = true;
    people.close();
    follower.close();
    presence.close();
    for (const one of unsubscribes) one();
    events.clear();
  }

  const shares = createShares(events, () => {
    presence.leave();
    onUnused();
  });

  function handle(): TicketHandle {
    const share = shares.take();
    if (shares.count === 1 && follower.status === 'live') presence.join(follower.cursor?.version ?? 0);
    return {
      ...share,
      id,
      get state() {
        return state;
      },
      ready: () => follower.ready(),
      loadOlder,
      post: (message) => {
        presence.type(false, false);
        return tickets.post(id, message);
      },
      async read(upTo = newestVersion()) {
        if (upTo > 0) await tickets.read(id, upTo);
      },
      typing: (typing = true, { internal = false } = {}) => presence.type(typing, internal),
      change: (changes) => tickets.change(id, changes),
      upload: (file, options) => tickets.upload(id, file, options),
      reload: () => follower.reload(),
    };
  }

  return { handle, typing: presence.type, close };
}

/** Streams and events name tickets by id; numbers are for people. */
export function requireId(id: string): string {
  if (!/^[A-Za-z0-9-]{1,64}$/.test(id) || /^\d+$/.test(id)) {
    throw new DeskwireError('invalid_payload', 'A ticket is followed by its id: tickets.get finds it', { field: 'id' });
  }
  return id;
}
