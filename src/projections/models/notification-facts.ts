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
import { parseStream, type RecordedEvent, type Stream } from '../../domain/event.ts';
import type { Audience } from '../../domain/notification/rules.ts';
import { referenceStreamId } from '../../domain/reference/decider.ts';
import type { ReferenceEvent } from '../../domain/reference/events.ts';
import { type Relating, relationsOf } from '../../domain/reference/relations.ts';
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
  /** The ticket's state so far. */
  ticket(stream: string): TicketState;
  /** The tickets that the user has notifications of, as of the batch, of users whose access may have changed. */
  ticketsOf(userId: string): TicketState[];
  /** Folds a reference. Returns the tickets that point at it. */
  foldReference(event: RecordedEvent<ReferenceEvent>): TicketState[];
  /** Returns the facts that changed since the last call, to be written. */
  takeChanges(): FactChanges;
}

export interface FactChanges {
  readonly tickets: readonly { readonly id: string; readonly state: TicketState }[];
  readonly deletedTickets: readonly string[];
  readonly users: readonly UserFacts[];
  readonly related: readonly { readonly id: string; readonly facts: Related }[];
}

/** What access needs to know of a GRN or a dispatch. */
type Related = Relating;

/** Entries that are kept in memory. */
const TICKETS = 20_000;
const USERS = 50_000;
const RELATED = 20_000;

export function createNotificationFacts(): NotificationFacts {
  const knownTickets = new LRUCache<string, TicketState>({ max: TICKETS });
  const knownUsers = new LRUCache<string, UserFacts>({ max: USERS });
  const admins = new Map<string, UserFacts>();
  let adminsKnown = false;
  /** The working set of the batch; undefined for a ticket or user that does not exist. */
  let tickets = new Map<string, TicketState | undefined>();
  let users = new Map<string, UserFacts | undefined>();
  /** The references of the tickets of the batch. */
  let related = new Map<string, Related>();
  const knownRelated = new LRUCache<string, Related>({ max: RELATED });
  /** Of the users whose access may change in the batch: the tickets in their inboxes. */
  let held = new Map<string, string[]>();
  const changedRelated = new Set<string>();
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

  const loadRelated = async (ids: Iterable<string>, query: Query) => {
    related = new Map();
    const missing: string[] = [];
    for (const id of ids) {
      const facts = knownRelated.get(id);
      if (facts === undefined) missing.push(id);
      else related.set(id, facts);
    }
    if (missing.length === 0) return;
    const rows = await query('related_facts', 'select id, facts from related where id = any ($1::text[])', [missing]);
    for (const { id, facts } of rows as { id: string; facts: Related }[]) {
      related.set(id, facts);
      knownRelated.set(id, facts);
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
      held = await heldBy(usersChanged(events), query);
      const set = referencesIn(events);
      await loadTickets(
        [...ticketsConcerned(events), ...[...held.values()].flat(), ...(await pointingAt(set, query))],
        query,
      );
      await loadRelated(referencesOf(events, tickets.values()), query);
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
      relations({ grnId, dispatchId }) {
        const grn = grnId === null ? undefined : related.get(referenceStreamId('grn', grnId));
        const dispatch = dispatchId === null ? undefined : related.get(referenceStreamId('dispatch', dispatchId));
        return relationsOf(grn, dispatch);
      },
    },
    ticket: (stream) => tickets.get(parseStream(stream as Stream).id) ?? initialTicket(),
    ticketsOf: (userId) => (held.get(userId) ?? []).flatMap((id) => tickets.get(id) ?? []),
    foldReference(event) {
      const { type, id, vendorId, verifiedBy } = event.data;
      if (type !== 'grn' && type !== 'dispatch') return [];
      const key = referenceStreamId(type, id);
      const facts = { vendorId: vendorId ?? null, verifiedBy: verifiedBy ?? null };
      related.set(key, facts);
      knownRelated.set(key, facts);
      changedRelated.add(key);
      const field = type === 'grn' ? 'grnId' : 'dispatchId';
      return [...tickets.values()].filter((ticket) => ticket !== undefined && ticket[field] === id) as TicketState[];
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
        related: [...changedRelated].flatMap(
          (id) => ({ id, facts: related.get(id) ?? {} }) as { id: string; facts: Related },
        ),
      };
      changedTickets.clear();
      changedUsers.clear();
      changedRelated.clear();
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

/** The tickets in the inboxes of these users. */
async function heldBy(userIds: readonly string[], query: Query): Promise<Map<string, string[]>> {
  const held = new Map<string, string[]>();
  if (userIds.length === 0) return held;
  const text = `select distinct user_id, ticket_id from notifications
    where user_id = any ($1::text[]) and ticket_id is not null`;
  for (const row of (await query('held_tickets', text, [userIds])) as { user_id: string; ticket_id: string }[]) {
    held.set(row.user_id, [...(held.get(row.user_id) ?? []), row.ticket_id]);
  }
  return held;
}

async function pointingAt(set: readonly ReferenceEvent['data'][], query: Query): Promise<string[]> {
  if (set.length === 0) return [];
  const ids = (type: string) => set.filter((one) => one.type === type).map(({ id }) => id);
  const text = `select id from tickets where state->>'grnId' = any ($1::text[])
    union select id from tickets where state->>'dispatchId' = any ($2::text[])`;
  const rows = await query('tickets_pointing', text, [ids('grn'), ids('dispatch')]);
  return (rows as { id: string }[]).map(({ id }) => id);
}

function referencesIn(events: readonly RecordedEvent[]): ReferenceEvent['data'][] {
  return events.flatMap((event) => (event.type === 'ReferenceSet' ? [event.data] : []));
}

/** The users of the batch whose role, vendor or activity changes. */
function usersChanged(events: readonly RecordedEvent[]): string[] {
  return events.flatMap((event) => {
    if (event.type === 'UserRegistered') return [parseStream(event.stream).id];
    if (event.type !== 'UserChanged') return [];
    const { role, active, vendorId } = event.data.changes;
    return role || active || vendorId ? [parseStream(event.stream).id] : [];
  });
}

/** The ids of the references of these tickets, and of those that the batch opens. */
function referencesOf(events: readonly RecordedEvent[], tickets: Iterable<TicketState | undefined>): Set<string> {
  const ids = new Set<string>();
  const add = ({ grnId, dispatchId }: { readonly grnId?: string | null; readonly dispatchId?: string | null }) => {
    if (grnId) ids.add(referenceStreamId('grn', grnId));
    if (dispatchId) ids.add(referenceStreamId('dispatch', dispatchId));
  };
  for (const ticket of tickets) if (ticket !== undefined) add(ticket);
  for (const event of events) if (event.type === 'TicketOpened') add(event.data);
  return ids;
}

function ticketsConcerned(events: readonly RecordedEvent[]): Set<string> {
  const ids = new Set<string>();
  for (const event of events) {
    const concerns = event.type !== 'TicketRead' || event.data.internal === true;
    if (concerns && event.stream.startsWith('ticket.')) ids.add(parseStream(event.stream).id);
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
