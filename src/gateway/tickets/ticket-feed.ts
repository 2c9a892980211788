/**
 * One ticket with members in this process: its live stream in order, who of this process is in it, and what they may
 * see, which is decided from the state folded up to the very event being delivered. An event that takes access away
 * takes it before it is sent itself. Each member is in the rooms that it may hear: the public one, and for staff the
 * internal one beside it; an event is rendered once per dialect and goes to one of the two. Only what holds links that
 * are a user's own is rendered for each member.
 */
import type { Broker } from '../../broker/port.ts';
import { maySeeInternalNotes, maySeeTicket, type TicketRelations } from '../../domain/access.ts';
import { DeskwireError } from '../../domain/errors.ts';
import { type RecordedEvent, streamOf } from '../../domain/event.ts';
import type { TicketEvent } from '../../domain/ticket/events.ts';
import { evolveTicket, initialTicket } from '../../domain/ticket/evolve.ts';
import { accessOf } from '../../domain/ticket/people.ts';
import type { TicketState } from '../../domain/ticket/state.ts';
import type { UserFacts } from '../../domain/user/identity.ts';
import { type Session, userRoom } from '../connection/session.ts';
import type { Dialect, TicketWire } from '../dialects/dialect.ts';
import { createFeed, type Feed, type FeedOptions, type Filling } from '../feed/feed.ts';
import type { Rooms } from '../rooms.ts';
import type { MessageWireFor } from '../wire.ts';
import { createMembers, type TicketMember } from './members.ts';

export interface TicketFeed {
  readonly ticketId: string;
  readonly feed: Feed<RecordedEvent>;
  /** As of the last event delivered. */
  readonly state: TicketState;
  /** May `user` hear this ticket now; and its internal notes? Throws `not_found` when not, or when there is no ticket. */
  requireAccess(user: UserFacts): { internal: boolean };
  /** Puts a socket into the rooms. Only in the tick in which it has everything up to the cursor. */
  add(session: Session, dialect: Dialect): void;
  /** Takes a member out of the rooms until it is added again. It stays a member meanwhile. */
  suspend(session: Session, dialect: Dialect): void;
  /** Does nothing when it is not a member. */
  remove(session: Session, dialect: Dialect): void;
  /** After something that access depends on changed elsewhere: a user, or a reference of the ticket. */
  checkAccess(userId?: string): void;
  checkRelations(): Promise<void>;
  /** To everyone in the ticket but the sockets of `exceptUser`. */
  send(dialect: Dialect, wire: TicketWire, exceptUser?: string): void;
  /** Those of its members. */
  readonly dialects: Iterable<Dialect>;
  close(): void;
}

export interface TicketFeedParts {
  readonly broker: Broker;
  readonly rooms: Rooms;
  readonly messageWireFor: MessageWireFor;
  readonly now: () => number;
  readState(ticketId: string): Promise<{ state: TicketState; version: number }>;
  readVersion(ticketId: string): Promise<number>;
  readEvents(ticketId: string, after: number, limit: number): Promise<readonly RecordedEvent[]>;
  relations(state: TicketState): TicketRelations | Promise<TicketRelations>;
  /** Told of every event after it was sent. */
  onDelivered(event: RecordedEvent<TicketEvent>): void;
  onMemberAdded(): void;
  /** A member left, or had to. */
  onMemberRemoved(): void;
}

const NO_RELATIONS: TicketRelations = { vendorIds: [] };

export function createTicketFeed(ticketId: string, parts: TicketFeedParts, options: FeedOptions): TicketFeed {
  const { rooms, messageWireFor } = parts;
  const members = createMembers();
  let state = initialTicket();
  let relations = NO_RELATIONS;

  const feed = createFeed<RecordedEvent>(
    {
      versionOf: (event) => event.version,
      subscribe: (event) => parts.broker.live.subscribe(streamOf('ticket', ticketId), event),
      async open() {
        const read = await parts.readState(ticketId);
        state = read.state;
        relations = await parts.relations(state);
        return read.version;
      },
      head: () => parts.readVersion(ticketId),
      async read(after, limit): Promise<Filling<RecordedEvent>> {
        const events = await parts.readEvents(ticketId, after, limit);
        return { events, through: events.at(-1)?.version ?? after };
      },
      deliver: (event) => deliver(event as RecordedEvent<TicketEvent>),
    },
    options,
  );

  function deliver(event: RecordedEvent<TicketEvent>): void {
    state = evolveTicket(state, event);
    // References are named when the ticket is opened and never again.
    if (event.type === 'TicketOpened') void checkRelations();
    if (event.type !== 'MessagePosted' && event.type !== 'TicketRead') checkAccess();
    if (event.type === 'MessagePosted' && event.data.attachments.length > 0) deliverToEach(event);
    else deliverToAll(event);
    parts.onDelivered(event);
  }

  function deliverToAll(event: RecordedEvent<TicketEvent>): void {
    for (const dialect of members.dialects) {
      for (const wire of dialect.tickets?.render(event, messageWireFor()) ?? []) send(dialect, wire);
    }
  }

  /** Links to attachments are signed for one user, so nobody can hand on more than their own access. */
  function deliverToEach(event: RecordedEvent<TicketEvent>): void {
    for (const { session, dialect, internal, live } of members) {
      if (!live) continue;
      for (const { name, payload, audience } of dialect.tickets?.render(event, messageWireFor(session.user)) ?? []) {
        if (internal || audience === 'public') session.socket.emit(name, payload);
      }
    }
  }

  function room({ name }: Dialect, audience: 'public' | 'internal'): string {
    return audience === 'public' ? `${name}:ticket:${ticketId}` : `${name}:ticket:${ticketId}:internal`;
  }

  function send(dialect: Dialect, wire: TicketWire, exceptUser?: string): void {
    const except = exceptUser === undefined ? undefined : userRoom(exceptUser);
    rooms.send(dialect.namespace, room(dialect, wire.audience), wire, except);
  }

  function access(user: UserFacts): { sees: boolean; internal: boolean } {
    if (!state.exists || state.deleted) return { sees: false, internal: false };
    const ticket = accessOf(state, relations);
    return { sees: maySeeTicket(user, ticket), internal: maySeeInternalNotes(user, ticket) };
  }

  function checkAccess(userId?: string): void {
    for (const member of members) {
      const { session, dialect } = member;
      if (userId !== undefined && session.user.id !== userId) continue;
      const { sees, internal } = access(session.user);
      if (!sees) {
        remove(session, dialect);
        const goodbye = dialect.tickets?.expelled(ticketId);
        if (goodbye !== undefined) session.socket.emit(goodbye.name, goodbye.payload);
      } else if (internal !== member.internal) {
        member.internal = internal;
        if (!member.live) continue;
        if (internal) void session.socket.join(room(dialect, 'internal'));
        else void session.socket.leave(room(dialect, 'internal'));
      }
    }
  }

  async function checkRelations(): Promise<void> {
    relations = await parts.relations(state);
    checkAccess();
  }

  function announce({ session, dialect }: TicketMember, change: 'joined' | 'left'): void {
    const { id, name } = session.user;
    const act = { ticketId, user: { id, name }, timestamp: new Date(parts.now()).toISOString() };
    const wire = dialect.tickets?.presence?.(act, change);
    if (wire !== undefined) send(dialect, { ...wire, audience: 'public' }, id);
  }

  function add(session: Session, dialect: Dialect): void {
    const { internal } = requireAccess(session.user);
    const known = members.get(session, dialect);
    const member = known ?? { session, dialect, feed: self, internal, live: true };
    member.live = true;
    member.internal = internal;
    void session.socket.join(room(dialect, 'public'));
    if (internal) void session.socket.join(room(dialect, 'internal'));
    if (known !== undefined) return;
    parts.onMemberAdded();
    session.members.set(memberName(dialect, ticketId), member);
    if (members.add(member)) announce(member, 'joined');
  }

  function leaveRooms({ session, dialect }: TicketMember): void {
    void session.socket.leave(room(dialect, 'public'));
    void session.socket.leave(room(dialect, 'internal'));
  }

  function suspend(session: Session, dialect: Dialect): void {
    const member = members.get(session, dialect);
    if (member === undefined) return;
    member.live = false;
    leaveRooms(member);
  }

  function remove(session: Session, dialect: Dialect): void {
    const member = members.get(session, dialect);
    if (member === undefined) return;
    leaveRooms(member);
    session.members.delete(memberName(dialect, ticketId));
    if (members.remove(member)) announce(member, 'left');
    parts.onMemberRemoved();
  }

  function requireAccess(user: UserFacts): { internal: boolean } {
    const { sees, internal } = access(user);
    if (!sees) throw new DeskwireError('not_found', 'Ticket not found', { field: 'ticketId' });
    return { internal };
  }

  const self: TicketFeed = {
    ticketId,
    feed,
    get state() {
      return state;
    },
    get dialects() {
      return members.dialects;
    },
    requireAccess,
    add,
    suspend,
    remove,
    checkAccess,
    checkRelations,
    send,
    close: () => feed.close(),
  };
  return self;
}

/** Under which a session keeps its membership of a ticket. */
export function memberName({ name }: Dialect, ticketId: string): string {
  return `${name}:${ticketId}`;
}
