/**
 * One ticket or room with members in this process: its events in order, its members, and their access.
 *
 * Access is decided on the state after the event that is being delivered. A member that loses access by an event is
 * removed before the event is sent. `member-sending.ts` sends it.
 */
import type { Broker } from '../../broker/port.ts';
import type { Presence } from '../../cluster/presence/presence.ts';
import type { Change, Person } from '../../cluster/presence/roster.ts';
import type { Names } from '../../directory/names.ts';
import { type RecordedEvent, streamOf } from '../../domain/event.ts';
import type { TicketEvent } from '../../domain/ticket/events.ts';
import {
  shownEvent as shownTicketEvent,
  shownVersion,
  streamVersion,
  type View,
} from '../../domain/ticket/public-view.ts';
import type { UserFacts } from '../../domain/user/identity.ts';
import type { Client, JoinedStream, Member } from '../connection/client.ts';
import type { Dialect, StreamWire, Wire } from '../dialects/dialect.ts';
import type { LiveKind } from '../dialects/joining.ts';
import type { MessageWireFor } from '../wire.ts';
import {
  type CatchUpSubscription,
  createCatchUpSubscription,
  type LogRead,
  type SubscriptionOptions,
} from './catch-up-subscription.ts';
import { memberName, memberRoom, memberRooms } from './member-rooms.ts';
import { createMemberSending } from './member-sending.ts';
import type { SocketRooms } from './socket-rooms.ts';
import { type Access, createStreamAccess, type StreamAccessDeps, tableOf } from './stream-access.ts';
import { createStreamMembers } from './stream-members.ts';

export interface LiveStream extends JoinedStream {
  readonly subscription: CatchUpSubscription<RecordedEvent>;
  /** False for a stream that nobody can join: its ticket does not exist, or was deleted. */
  readonly joinable: boolean;
  /** Whether access depends on references (GRN, dispatch). */
  readonly hasReferences: boolean;
  /** The access of a user, as of the last event delivered. */
  access(user: UserFacts): Access;
  /** The access of a user through this dialect. Throws `not_found` or `forbidden` for a user without access. */
  requireAccess(user: UserFacts, dialect: Dialect): Access;
  /** A stream version up to the cursor, in the numbering of `view`. */
  shownVersion(version: number, view: View): number;
  /** The reverse. Beyond the cursor the result is beyond it, too. */
  streamVersion(shown: number, view: View): number;
  /** The number of events after `from` that this view does not show. */
  hiddenAfter(from: number | 'now', view: View | undefined): number;
  /** An event up to the cursor, with the versions of `view` and the present name of the requester. */
  shownEvent(event: RecordedEvent, view: View): RecordedEvent;
  /** Puts a client into the rooms. Only in the tick in which it has every event up to the cursor. */
  add(client: Client, dialect: Dialect): void;
  /** Removes a member from the rooms until it is added again. It remains a member. */
  suspend(client: Client, dialect: Dialect): void;
  /** Looks up the references again, then checks the access of all members. */
  checkReferences(): Promise<void>;
  /** Sends to all members except the sockets of `exceptUser`. */
  send(dialect: Dialect, wire: StreamWire, exceptUser?: string): void;
  /** Sends to the members that another user came or went. `change` is as the whole cluster sees it. */
  sendPresence(person: Person, change: Change): void;
  readonly members: Iterable<Member>;
  /** The dialects of the members. */
  readonly dialects: Iterable<Dialect>;
  close(): void;
}

export interface LiveStreamDeps extends StreamAccessDeps {
  readonly broker: Broker;
  readonly rooms: SocketRooms;
  readonly presence: Pick<Presence, 'enter' | 'leave'>;
  readonly messageWireFor: MessageWireFor;
  readonly names: Names;
  readonly now: () => number;
  readVersion(): Promise<number>;
  readEvents(after: number, limit: number): Promise<readonly RecordedEvent[]>;
  /** Called for each event after it was sent. */
  onDelivered(event: RecordedEvent): void;
  onMemberAdded(): void;
  /** A member left or lost access. */
  onMemberRemoved(): void;
  onError(error: unknown): void;
}

export function createLiveStream(
  kind: LiveKind,
  id: string,
  deps: LiveStreamDeps,
  options: SubscriptionOptions,
): LiveStream {
  const { presence } = deps;
  const members = createStreamMembers();
  const streamAccess = createStreamAccess(kind, id, deps);
  const sending = createMemberSending(kind, id, {
    members,
    shownEvent,
    rooms: deps.rooms,
    messageWireFor: deps.messageWireFor,
    hasInternal: () => streamAccess.internalVersions.length > 0,
  });

  const subscription = createCatchUpSubscription<RecordedEvent>(
    {
      versionOf: (event) => event.version,
      subscribe: (event) => deps.broker.live.subscribe(streamOf(kind, id), event),
      open: streamAccess.load,
      head: deps.readVersion,
      async read(after, limit): Promise<LogRead<RecordedEvent>> {
        const events = await deps.readEvents(after, limit);
        await deps.names.load(deps.names.missing(events));
        return { events, through: events.at(-1)?.version ?? after };
      },
      deliver,
    },
    options,
  );

  function deliver(event: RecordedEvent): void {
    const touched = streamAccess.apply(event);
    if (touched === 'references') void checkReferences().catch(deps.onError);
    else if (touched === 'access') checkAccess();
    sending.deliver(event);
    deps.onDelivered(event);
  }

  function shownEvent(event: RecordedEvent, view: View): RecordedEvent {
    if (kind === 'room') return event;
    const shown = shownTicketEvent(event as RecordedEvent<TicketEvent>, streamAccess.internalVersions, view);
    if (shown.type !== 'TicketOpened') return shown;
    const { requesterId, requesterName } = shown.data;
    return { ...shown, data: { ...shown.data, requesterName: deps.names.of(requesterId, requesterName) } };
  }

  function checkAccess(userId?: string): void {
    for (const member of members) {
      const { client, dialect } = member;
      if (userId !== undefined && client.user.id !== userId) continue;
      const { receives, internal, view } = accessThrough(dialect, client.user);
      const version = shown(subscription.cursor, view);
      if (!receives) {
        remove(client, dialect);
        sendTo(client, tableOf(dialect, kind)?.expelled(id, version));
      } else if (internal !== member.internal || view !== member.view) {
        member.internal = internal;
        member.view = view;
        if (!member.live) continue;
        enterRoom(member);
        sendTo(client, tableOf(dialect, kind)?.viewChanged?.(id, version));
      }
    }
  }

  function accessThrough(dialect: Dialect, user: UserFacts): Access {
    const access = streamAccess.access(user);
    return { ...access, internal: access.internal && tableOf(dialect, kind)?.internal === true };
  }

  function shown(version: number, view: View): number {
    return shownVersion(version, streamAccess.internalVersions, view);
  }

  async function checkReferences(): Promise<void> {
    await streamAccess.lookUpReferences();
    checkAccess();
  }

  function sendPresence(user: Person, change: Change): void {
    const act = { ticketId: id, user, timestamp: new Date(deps.now()).toISOString() };
    for (const dialect of members.dialects) {
      const wire = dialect.tickets?.presence?.(act, change);
      if (wire !== undefined) sending.send(dialect, { ...wire, audience: 'public' }, user.id);
    }
  }

  function add(client: Client, dialect: Dialect): void {
    const { internal, view } = requireAccess(client.user, dialect);
    const known = members.get(client, dialect);
    const present = kind === 'room' || dialect.tickets?.present === true;
    const member = known ?? { id, client, dialect, stream: self, internal, view, present, live: true };
    member.live = true;
    member.internal = internal;
    member.view = view;
    enterRoom(member);
    if (known !== undefined) return;
    deps.onMemberAdded();
    client.members.set(memberName(dialect, kind, id), member);
    members.add(member);
    if (present) presence.enter(`${kind}:${id}`, { id: client.user.id, name: client.user.name });
  }

  function enterRoom({ client, dialect, view }: Member): void {
    void client.socket.leave(memberRoom(dialect, kind, id, view === 'staff' ? 'public' : 'staff'));
    void client.socket.join(memberRoom(dialect, kind, id, view));
  }

  function leaveRooms({ client, dialect }: Member): void {
    for (const room of memberRooms(dialect, kind, id)) void client.socket.leave(room);
  }

  function suspend(client: Client, dialect: Dialect): void {
    const member = members.get(client, dialect);
    if (member === undefined) return;
    member.live = false;
    leaveRooms(member);
  }

  function remove(client: Client, dialect: Dialect): void {
    const member = members.get(client, dialect);
    if (member === undefined) return;
    leaveRooms(member);
    client.members.delete(memberName(dialect, kind, id));
    client.noteLeft(memberName(dialect, kind, id), shown(subscription.cursor, member.view));
    members.remove(member);
    if (member.present) presence.leave(`${kind}:${id}`, client.user.id);
    deps.onMemberRemoved();
  }

  function requireAccess(user: UserFacts, dialect: Dialect): Access {
    const access = accessThrough(dialect, user);
    if (!access.receives) throw streamAccess.refusal();
    return access;
  }

  const self: LiveStream = {
    kind,
    id,
    subscription,
    get joinable() {
      return streamAccess.joinable;
    },
    get hasReferences() {
      return streamAccess.hasReferences;
    },
    members,
    get dialects() {
      return members.dialects;
    },
    access: streamAccess.access,
    requireAccess,
    shownVersion: shown,
    streamVersion: (version, view) => streamVersion(version, streamAccess.internalVersions, view),
    hiddenAfter(from, view) {
      if (from === 'now' || view !== 'public') return 0;
      return streamAccess.internalVersions.filter((version) => version > from).length;
    },
    shownEvent,
    add,
    suspend,
    remove,
    checkAccess,
    checkReferences,
    send: sending.send,
    sendPresence,
    close: () => subscription.close(),
  };
  return self;
}

function sendTo(client: Client, wire: Wire | undefined): void {
  if (wire !== undefined) client.send(wire);
}
