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
import { createNotificationHolders } from './notification-holders.ts';
import { referencesIn, referencesOf, ticketsConcerned, usersNamed } from './notification-needs.ts';
import { userPatchOf } from './user-patch.ts';

export interface NotificationFacts {
  prefetch(events: readonly RecordedEvent[], query: Query): Promise<void>;
  readonly audience: Audience;
  /** Folds an event of a ticket. Returns the ticket's state after the event. */
  foldTicket(event: RecordedEvent<TicketEvent>): TicketState;
  foldUser(event: RecordedEvent<UserEvent>): void;
  /** Keeps that the batch adds a notification of this ticket. */
  addHolder(userId: string, ticketId: string): void;
  /** Of an event that was folded, and by which access may end: who has notifications of which ticket. */
  heldBy(event: RecordedEvent): Held[];
  /** Folds a reference. */
  foldReference(event: RecordedEvent<ReferenceEvent>): void;
  /** Returns the facts that changed since the last call, to be written. */
  takeChanges(): FactChanges;
}

export interface FactChanges {
  readonly tickets: readonly { readonly id: string; readonly state: TicketState }[];
  readonly deletedTickets: readonly string[];
  readonly users: readonly UserFacts[];
  readonly related: readonly { readonly id: string; readonly facts: Related }[];
}

/** A ticket, and somebody who has notifications of it. */
export interface Held {
  readonly userId: string;
  readonly ticket: TicketState;
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
  const holders = createNotificationHolders();
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

  const heldTicket = (userId: string, ticketId: string): Held[] => {
    const ticket = tickets.get(ticketId);
    return ticket === undefined ? [] : [{ userId, ticket }];
  };

  /** The tickets of the batch that point at this reference. */
  const pointingNow = ({ type, id }: ReferenceEvent['data']): string[] =>
    [...tickets.values()].flatMap((ticket) => {
      const points = type === 'grn' ? ticket?.grnId === id : type === 'dispatch' && ticket?.dispatchId === id;
      return ticket !== undefined && points ? [ticket.id] : [];
    });

  return {
    async prefetch(events, query) {
      if (!adminsKnown) await loadAdmins(query);
      const pointing = await pointingAt(referencesIn(events), query);
      await holders.prefetch(events, pointing, query);
      await loadTickets([...ticketsConcerned(events), ...holders.ticketIds, ...pointing], query);
      await loadRelated(referencesOf(events, tickets.values()), query);
      const concerned = new Set([...usersNamed(events), ...holders.userIds]);
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
    addHolder: holders.add,
    heldBy(event) {
      const { kind, id } = parseStream(event.stream);
      if (kind === 'user') return [...holders.ticketsOf(id)].flatMap((ticketId) => heldTicket(id, ticketId));
      const ids = event.type === 'ReferenceSet' ? pointingNow(event.data) : [id];
      return ids.flatMap((ticketId) =>
        [...holders.usersOf(ticketId)].flatMap((userId) => heldTicket(userId, ticketId)),
      );
    },
    foldReference(event) {
      const { type, id, vendorId, verifiedBy } = event.data;
      if (type !== 'grn' && type !== 'dispatch') return;
      const key = referenceStreamId(type, id);
      const facts = { vendorId: vendorId ?? null, verifiedBy: verifiedBy ?? null };
      related.set(key, facts);
      knownRelated.set(key, facts);
      changedRelated.add(key);
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

async function pointingAt(set: readonly ReferenceEvent['data'][], query: Query): Promise<string[]> {
  if (set.length === 0) return [];
  const ids = (type: string) => set.filter((one) => one.type === type).map(({ id }) => id);
  const text = `select id from tickets where state->>'grnId' = any ($1::text[])
    union select id from tickets where state->>'dispatchId' = any ($2::text[])`;
  const rows = await query('tickets_pointing', text, [ids('grn'), ids('dispatch')]);
  return (rows as { id: string }[]).map(({ id }) => id);
}
