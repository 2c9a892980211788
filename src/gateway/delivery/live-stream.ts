/**
 * One ticket or room with members in this process: its stream in order, who of this process is in it, and what they may
 * hear, which is decided from the state folded up to the very event being delivered. An event that takes access away
 * takes it before it is sent itself. Each member is in the Socket.IO rooms that it may hear: the public one, and for staff
 * the internal one beside it; an event is rendered once per dialect and each of its wires goes to one of the two. Only what
 * holds links that are a user's own is rendered for each member.
 */
import type { Broker } from '../../broker/port.ts';
import type { Presence } from '../../cluster/presence/presence.ts';
import type { Change, Person } from '../../cluster/presence/roster.ts';
import { type RecordedEvent, streamOf } from '../../domain/event.ts';
import type { UserFacts } from '../../domain/user/identity.ts';
import { type Session, userRoom } from '../connection/client.ts';
import type { Dialect, StreamWire } from '../dialects/dialect.ts';
import type { MessageWireFor } from '../wire.ts';
import { createFeed, type Feed, type FeedOptions, type Filling } from './catch-up-subscription.ts';
import { createMembers, type Member } from './members.ts';
import type { Rooms } from './rooms.ts';
import { type Access, createSubject, type LiveKind, type SubjectParts, tableOf } from './stream-access.ts';

export interface LiveStream {
  readonly kind: LiveKind;
  readonly id: string;
  readonly feed: Feed<RecordedEvent>;
  /** Whether somebody may come back to it. */
  readonly lasting: boolean;
  /** Whether who may hear it depends on references. */
  readonly referring: boolean;
  /** What a user may hear of it now, as of the last event delivered. */
  access(user: UserFacts): Access;
  /** The same, for a member through this dialect. Throws `not_found` or `forbidden` for whoever hears nothing. */
  requireAccess(user: UserFacts, dialect: Dialect): { internal: boolean };
  /** Puts a socket into the rooms. Only in the tick in which it has everything up to the cursor. */
  add(session: Session, dialect: Dialect): void;
  /** Takes a member out of the rooms until it is added again. It stays a member meanwhile. */
  suspend(session: Session, dialect: Dialect): void;
  /** Does nothing when it is not a member. */
  remove(session: Session, dialect: Dialect): void;
  /** After something that access depends on changed elsewhere: a user, or a reference. */
  checkAccess(userId?: string): void;
  checkReferences(): Promise<void>;
  /** To everyone in it but the sockets of `exceptUser`. */
  send(dialect: Dialect, wire: StreamWire, exceptUser?: string): void;
  /** Tells the others in it that somebody came or went, for the cluster as a whole. */
  tellPresence(person: Person, change: Change): void;
  readonly members: Iterable<Member>;
  /** Those of its members. */
  readonly dialects: Iterable<Dialect>;
  close(): void;
}

export interface LiveStreamParts extends SubjectParts {
  readonly broker: Broker;
  readonly rooms: Rooms;
  readonly presence: Pick<Presence, 'enter' | 'leave'>;
  readonly messageWireFor: MessageWireFor;
  readonly now: () => number;
  readVersion(): Promise<number>;
  readEvents(after: number, limit: number): Promise<readonly RecordedEvent[]>;
  /** Told of every event after it was sent. */
  onDelivered(event: RecordedEvent): void;
  onMemberAdded(): void;
  /** A member left, or had to. */
  onMemberRemoved(): void;
  onError(error: unknown): void;
}

export function createLiveStream(kind: LiveKind, id: string, parts: LiveStreamParts, options: FeedOptions): LiveStream {
  const { rooms, presence, messageWireFor } = parts;
  const members = createMembers();
  const subject = createSubject(kind, id, parts);

  const feed = createFeed<RecordedEvent>(
    {
      versionOf: (event) => event.version,
      subscribe: (event) => parts.broker.live.subscribe(streamOf(kind, id), event),
      open: subject.load,
      head: parts.readVersion,
      async read(after, limit): Promise<Filling<RecordedEvent>> {
        const events = await parts.readEvents(after, limit);
        return { events, through: events.at(-1)?.version ?? after };
      },
      deliver,
    },
    options,
  );

  function deliver(event: RecordedEvent): void {
    const touched = subject.apply(event);
    if (touched === 'references') void checkReferences().catch(parts.onError);
    else if (touched === 'access') checkAccess();
    if (event.type === 'MessagePosted' && event.data.attachments.length > 0) deliverToEach(event);
    else deliverToAll(event);
    parts.onDelivered(event);
  }

  function deliverToAll(event: RecordedEvent): void {
    for (const dialect of members.dialects) {
      for (const wire of tableOf(dialect, kind)?.render(event, messageWireFor()) ?? []) send(dialect, wire);
    }
  }

  /** Links to attachments are signed for one user, so nobody can hand on more than their own access. */
  function deliverToEach(event: RecordedEvent): void {
    for (const { session, dialect, internal, live } of members) {
      if (!live) continue;
      for (const wire of tableOf(dialect, kind)?.render(event, messageWireFor(session.user)) ?? []) {
        if (internal || wire.audience === 'public') tell(session, wire);
      }
    }
  }

  function send(dialect: Dialect, wire: StreamWire, exceptUser?: string): void {
    const except = exceptUser === undefined ? wire.exceptSocket : userRoom(exceptUser);
    rooms.send(dialect.namespace, memberRoom(dialect, kind, id, wire.audience), wire, except);
  }

  function checkAccess(userId?: string): void {
    for (const member of members) {
      const { session, dialect } = member;
      if (userId !== undefined && session.user.id !== userId) continue;
      const { hears, internal } = accessThrough(dialect, session.user);
      if (!hears) {
        remove(session, dialect);
        tell(session, tableOf(dialect, kind)?.expelled(id, feed.cursor));
      } else if (internal !== member.internal) {
        member.internal = internal;
        if (!member.live) continue;
        const room = memberRoom(dialect, kind, id, 'internal');
        if (internal) void session.socket.join(room);
        else void session.socket.leave(room);
        tell(session, tableOf(dialect, kind)?.viewChanged?.(id, feed.cursor));
      }
    }
  }

  function accessThrough(dialect: Dialect, user: UserFacts): Access {
    const access = subject.access(user);
    return { hears: access.hears, internal: access.internal && tableOf(dialect, kind)?.internal === true };
  }

  async function checkReferences(): Promise<void> {
    await subject.lookUpReferences();
    checkAccess();
  }

  function tellPresence(user: Person, change: Change): void {
    const act = { ticketId: id, user, timestamp: new Date(parts.now()).toISOString() };
    for (const dialect of members.dialects) {
      const wire = dialect.tickets?.presence?.(act, change);
      if (wire !== undefined) send(dialect, { ...wire, audience: 'public' }, user.id);
    }
  }

  function add(session: Session, dialect: Dialect): void {
    const { internal } = requireAccess(session.user, dialect);
    const known = members.get(session, dialect);
    const present = kind === 'room' || dialect.tickets?.present === true;
    const member = known ?? { session, dialect, stream: self, internal, present, live: true };
    member.live = true;
    member.internal = internal;
    void session.socket.join(memberRoom(dialect, kind, id, 'public'));
    if (internal) void session.socket.join(memberRoom(dialect, kind, id, 'internal'));
    if (known !== undefined) return;
    parts.onMemberAdded();
    session.members.set(memberName(dialect, kind, id), member);
    members.add(member);
    if (present) presence.enter(`${kind}:${id}`, { id: session.user.id, name: session.user.name });
  }

  function leaveRooms({ session, dialect }: Member): void {
    void session.socket.leave(memberRoom(dialect, kind, id, 'public'));
    void session.socket.leave(memberRoom(dialect, kind, id, 'internal'));
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
    session.members.delete(memberName(dialect, kind, id));
    session.noteLeft(memberName(dialect, kind, id), feed.cursor);
    members.remove(member);
    if (member.present) presence.leave(`${kind}:${id}`, session.user.id);
    parts.onMemberRemoved();
  }

  function requireAccess(user: UserFacts, dialect: Dialect): { internal: boolean } {
    const { hears, internal } = accessThrough(dialect, user);
    if (!hears) throw subject.refusal();
    return { internal };
  }

  const self: LiveStream = {
    kind,
    id,
    feed,
    get lasting() {
      return subject.lasting;
    },
    get referring() {
      return subject.referring;
    },
    members,
    get dialects() {
      return members.dialects;
    },
    access: subject.access,
    requireAccess,
    add,
    suspend,
    remove,
    checkAccess,
    checkReferences,
    send,
    tellPresence,
    close: () => feed.close(),
  };
  return self;
}

function tell({ socket }: Session, wire: { name: string; payload: object } | undefined): void {
  if (wire !== undefined) socket.emit(wire.name, wire.payload);
}

/** Under which a session keeps its membership of a stream. */
export function memberName({ name }: Dialect, kind: LiveKind, id: string): string {
  return `${name}:${kind}:${id}`;
}

/** The Socket.IO room of a stream's members. Begins with a dialect's name: no name that a client gives can be one. */
export function memberRoom(dialect: Dialect, kind: LiveKind, id: string, audience: 'public' | 'internal'): string {
  const name = memberName(dialect, kind, id);
  return audience === 'public' ? name : `${name}:internal`;
}
