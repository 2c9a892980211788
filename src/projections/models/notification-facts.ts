/**
 * The facts that the notification rules need: tickets as they were at each event, users, and which users are admins.
 *
 * The notifications projection keeps these facts in tables of its own, so that it depends on no other read model's
 * progress. A write-through cache in memory stands in front of the tables; it is valid while its runner is active.
 * Facts that the cache lacks are read once per batch into a working set, from which nothing is evicted before the batch
 * is folded.
 *
 * Of a ticket only the fields that rules check are kept. Read positions and the newest message are left out, so that
 * most messages change no fact.
 */
import { LRUCache } from 'lru-cache';
import { isNotifiedOfNewTickets, NOTIFIED_OF_NEW_TICKETS } from '../../domain/access.ts';
import { parseStream, type RecordedEvent } from '../../domain/event.ts';
import type { Audience } from '../../domain/notification/rules.ts';
import type { TicketEvent } from '../../domain/ticket/events.ts';
import { evolveTicket, initialTicket } from '../../domain/ticket/evolve.ts';
import { peopleOn } from '../../domain/ticket/people.ts';
import type { TicketState } from '../../domain/ticket/state.ts';
import type { UserEvent } from '../../domain/user/events.ts';
import { LEAST_ROLE, type UserFacts } from '../../domain/user/identity.ts';
import type { Query } from '../engine/projection.ts';
import { userPatchOf } from './user-patch.ts';

export interface NotificationFacts {
  prefetch(events: readonly RecordedEvent[], query: Query): Promise<void>;
  readonly audience: Audience;
  /** Folds an event of a ticket. Returns the ticket's state after the event. */
  foldTicket(event: RecordedEvent<TicketEvent>): TicketState;
  foldUser(event: RecordedEvent<UserEvent>): void;
  /** Returns the facts that changed since the last call, to be written. */
  takeChanges(): FactChanges;
}

export interface FactChanges {
  readonly tickets: readonly { readonly id: string; readonly state: TicketState }[];
  readonly deletedTickets: readonly string[];
  readonly users: readonly UserFacts[];
}

/** Entries that are kept in memory. */
const TICKETS = 20_000;
const USERS = 50_000;

export function createNotificationFacts(): NotificationFacts {
  const knownTickets = new LRUCache<string, TicketState>({ max: TICKETS });
  const knownUsers = new LRUCache<string, UserFacts>({ max: USERS });
  const admins = new Map<string, UserFacts>();
  let adminsKnown = false;
  /** The working set of the batch; undefined for a ticket or user that does not exist. */
  let tickets = new Map<string, TicketState | undefined>();
  let users = new Map<string, UserFacts | undefined>();
  const changedTickets = new Set<string>();
  const changedUsers = new Set<string>();

  const keepUser = (user: UserFacts) => {
    users.set(user.id, user);
    knownUsers.set(user.id, user);
    if (isNotifiedOfNewTickets(user)) admins.set(user.id, user);
    else admins.delete(user.id);
  };

  const loadAdmins = async (query: Query) => {
    const rows = await query(
      'admins',
      `select facts from users where facts->>'role' = '${NOTIFIED_OF_NEW_TICKETS}' and (facts->>'active')::boolean`,
      [],
    );
    for (const { facts } of rows as { facts: UserFacts }[]) admins.set(facts.id, facts);
    adminsKnown = true;
  };

  const loadTickets = async (ids: Iterable<string>, query: Query) => {
    tickets = new Map();
    const missing: string[] = [];
    for (const id of ids) {
      const state = knownTickets.get(id);
      tickets.set(id, state);
      if (state === undefined) missing.push(id);
    }
    if (missing.length === 0) return;
    const rows = await query('ticket_facts', 'select id, state from tickets where id = any ($1::text[])', [missing]);
    for (const { id, state } of rows as { id: string; state: TicketState }[]) {
      tickets.set(id, state);
      knownTickets.set(id, state);
    }
  };

  const loadUsers = async (ids: Iterable<string>, query: Query) => {
    users = new Map();
    const missing: string[] = [];
    for (const id of ids) {
      const user = knownUsers.get(id);
      users.set(id, user);
      if (user === undefined) missing.push(id);
    }
    if (missing.length === 0) return;
    const rows = await query('user_facts', 'select facts from users where id = any ($1::text[])', [missing]);
    for (const { facts } of rows as { facts: UserFacts }[]) {
      users.set(facts.id, facts);
      knownUsers.set(facts.id, facts);
    }
  };

  return {
    async prefetch(events, query) {
      if (!adminsKnown) await loadAdmins(query);
      await loadTickets(ticketsConcerned(events), query);
      const concerned = usersNamed(events);
      for (const state of tickets.values()) {
        if (state !== undefined) for (const id of peopleOn(state)) concerned.add(id);
      }
      await loadUsers(concerned, query);
    },
    audience: {
      get admins() {
        return admins.values();
      },
      user: (id) => users.get(id) ?? admins.get(id),
    },
    foldTicket(event) {
      const { id } = parseStream(event.stream);
      const before = tickets.get(id) ?? initialTicket();
      const after = evolveTicket(before, event);
      if (isSameFacts(before, after, event)) return after;
      changedTickets.add(id);
      if (after.deleted) {
        tickets.set(id, undefined);
        knownTickets.delete(id);
      } else {
        const unused = { lastMessageVersion: 0, lastReadableVersion: 0, lastPublicReadableVersion: 0 };
        const kept = { ...after, reads: {}, publicReads: {}, ...unused };
        tickets.set(id, kept);
        knownTickets.set(id, kept);
      }
      return after;
    },
    foldUser(event) {
      const { id } = parseStream(event.stream);
      const { vendor_id, email, ...patch } = userPatchOf(id, event);
      const before = users.get(id);
      const {
        vendorId: oldVendor,
        email: oldEmail,
        ...old
      } = before ?? { id, name: '', role: LEAST_ROLE, active: true };
      const vendorId = vendor_id === undefined ? oldVendor : vendor_id;
      const newEmail = email === undefined ? oldEmail : email;
      keepUser({ ...old, ...patch, ...(vendorId && { vendorId }), ...(newEmail && { email: newEmail }) });
      changedUsers.add(id);
    },
    takeChanges() {
      const changes = {
        tickets: [...changedTickets].flatMap((id) => {
          const state = tickets.get(id);
          return state === undefined ? [] : [{ id, state }];
        }),
        deletedTickets: [...changedTickets].filter((id) => tickets.get(id) === undefined),
        users: [...changedUsers].flatMap((id) => users.get(id) ?? []),
      };
      changedTickets.clear();
      changedUsers.clear();
      return changes;
    },
  };
}

/** Most messages change nothing that the rules check. */
function isSameFacts(before: TicketState, after: TicketState, event: RecordedEvent): boolean {
  return (
    event.type === 'MessagePosted' &&
    after.participants === before.participants &&
    after.posted === before.posted &&
    after.internalVersions === before.internalVersions
  );
}

function ticketsConcerned(events: readonly RecordedEvent[]): Set<string> {
  const ids = new Set<string>();
  for (const event of events) {
    if (event.type !== 'TicketRead' && event.stream.startsWith('ticket.')) ids.add(parseStream(event.stream).id);
  }
  return ids;
}

/** The users that a batch names, in addition to those already on its tickets. */
function usersNamed(events: readonly RecordedEvent[]): Set<string> {
  const ids = new Set<string>();
  for (const event of events) {
    switch (event.type) {
      case 'TicketOpened':
        ids.add(event.data.requesterId);
        break;
      case 'TicketChanged':
        if (event.data.changes.assignee?.to) ids.add(event.data.changes.assignee.to.id);
        break;
      case 'ParticipantAdded':
        ids.add(event.data.userId);
        break;
      case 'MessagePosted':
        ids.add(event.metadata.actor.id);
        break;
      case 'UserRegistered':
      case 'UserChanged':
      case 'NotificationSent':
      case 'NotificationsRead':
      case 'AllNotificationsRead':
      case 'InboxSeen':
        ids.add(parseStream(event.stream).id);
    }
  }
  return ids;
}
