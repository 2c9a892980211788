/**
 * Joining and leaving tickets and rooms. A socket that joins is let in once it has everything up to the stream's cursor:
 * the events after the version it saw last, or, without one that can be gone on from, what its dialect starts with. What
 * it is sent then, and its entry into the rooms, happen in one tick, so nothing can come between.
 */
import type { Application } from '../../application/application.ts';
import { ticketIdOf } from '../../application/tickets.ts';
import { DeskwireError } from '../../domain/errors.ts';
import type { RecordedEvent } from '../../domain/event.ts';
import type { MessagePage } from '../../projections/queries/queries.ts';
import type { Session } from '../connection/client.ts';
import type { Replays } from '../connection/replays.ts';
import type { Dialect, StreamWire, Wire } from '../dialects/dialect.ts';
import type { MessageWireFor } from '../wire.ts';
import { type LiveStream, memberName } from './live-stream.ts';
import type { LiveStreams } from './live-streams.ts';
import type { Member } from './members.ts';
import { type LiveKind, tableOf } from './stream-access.ts';

/** Why a replay does not go on where the client was. */
export type Break = 'too_old' | 'epoch' | 'access';

/** A ticket by id or number, or a room by name, as the client gave it. */
export interface Place {
  readonly kind: LiveKind;
  readonly id: string | number;
}

export interface JoinRequest extends Place {
  /** The last version seen. */
  readonly after?: number | undefined;
  readonly epoch?: string | undefined;
  /** Whether what was seen includes internal notes, when the client was told so. */
  readonly internal?: boolean | undefined;
  /** Where a socket starts that cannot go on: with a ticket's latest page, a room's latest events, or with what comes now. */
  readonly otherwise: 'page' | 'latest' | 'now';
}

/** Where a socket stands when it has joined. */
export interface Joined {
  readonly id: string;
  /** The last version that the replay brings. */
  readonly version: number;
  readonly epoch: string;
  /** True when the replay goes on where the client was. */
  readonly recovered: boolean;
  /** Whether it hears internal notes. */
  readonly internal: boolean;
}

export interface Arrival extends Joined {
  /** Set when a version was given and it was not gone on from. */
  readonly broken: Break | undefined;
  /** The replay, up to `version`, in order. */
  readonly wires: readonly Wire[];
  readonly page: MessagePage | undefined;
}

export interface Memberships {
  /** `welcome` sends what the socket is to hear first; it is called in the tick of the entry. */
  join(session: Session, dialect: Dialect, request: JoinRequest, welcome: (arrival: Arrival) => void): Promise<Joined>;
  /** Resolves with the ticket's id or the room's name; where the socket was not in it, with what the client named. */
  leave(session: Session, dialect: Dialect, place: Place): Promise<string>;
  /** Throws `conflict` for a socket that has not joined. */
  require(session: Session, dialect: Dialect, place: Place): Promise<Member>;
  leaveAll(session: Session): void;
}

interface Parts {
  readonly application: Application;
  readonly streams: LiveStreams;
  readonly messageWireFor: MessageWireFor;
  readonly replays: Replays;
  readonly replayLimit: number;
  readonly historySize: number;
  readonly streamsPerSocket: number;
  epoch(): string;
}

/** How often an entry is tried anew because the stream, or what the reader may hear of it, moved away from it. */
const ATTEMPTS = 3;

export function createMemberships(parts: Parts): Memberships {
  const { application, streams, messageWireFor, replayLimit, historySize } = parts;

  const turns = new WeakMap<Session, Map<string, Promise<unknown>>>();

  /** One at a time for each stream of a socket, whether the client names a ticket by id or by number. */
  async function inTurn<T>(session: Session, name: string, task: () => Promise<T>): Promise<T> {
    const waiting = turns.get(session) ?? new Map<string, Promise<unknown>>();
    turns.set(session, waiting);
    const turn = (waiting.get(name) ?? Promise.resolve()).then(task, task);
    waiting.set(name, turn);
    try {
      return await turn;
    } finally {
      if (waiting.get(name) === turn) waiting.delete(name);
    }
  }

  async function join(
    session: Session,
    dialect: Dialect,
    id: string,
    request: JoinRequest,
    welcome: (arrival: Arrival) => void,
  ): Promise<Joined> {
    const joinedAlready = session.members.has(memberName(dialect, request.kind, id));
    if (!joinedAlready && session.members.size >= parts.streamsPerSocket) {
      throw new DeskwireError('rate_limited', `A socket can be in ${parts.streamsPerSocket} places at once`, {
        field: request.kind === 'ticket' ? 'ticketId' : 'room',
        retryAfter: 1,
      });
    }
    const stream = streams.acquire(request.kind, id);
    try {
      // Decided on what the log says now: access given or taken a moment ago on another node counts already.
      await stream.feed.current(session.leaving);
      stream.requireAccess(session.user, dialect);
      // Whoever joins again is asking for what comes after a version it names; nothing may be sent before that.
      stream.suspend(session, dialect);
      return await letIn(session, dialect, stream, request, welcome);
    } catch (error) {
      stream.remove(session, dialect);
      throw error;
    } finally {
      streams.release(stream);
    }
  }

  async function letIn(
    session: Session,
    dialect: Dialect,
    stream: LiveStream,
    request: JoinRequest,
    welcome: (arrival: Arrival) => void,
  ): Promise<Joined> {
    const door = doorOf(session, dialect, stream, welcome);
    const { after, epoch, internal } = request;
    let broken: Break | undefined;
    if (after !== undefined) {
      broken = epoch !== undefined && epoch !== parts.epoch() ? 'epoch' : undefined;
      broken ??= await door.enter({ from: after, recovered: true, internal });
    }
    // A page that has what was just posted, rather than one that is made up for by single messages.
    if (door.joined === undefined && request.otherwise === 'page') await application.settle();
    for (let attempt = 0; attempt < ATTEMPTS && door.joined === undefined; attempt += 1) {
      await door.enter({ ...(await startOf(session, dialect, stream, request.otherwise)), recovered: false, broken });
    }
    if (door.joined !== undefined) return door.joined;
    throw new DeskwireError('unavailable', 'It cannot be joined now', { retryAfter: 1 });
  }

  async function startOf(session: Session, dialect: Dialect, stream: LiveStream, start: JoinRequest['otherwise']) {
    if (start === 'latest') return { from: Math.max(0, stream.feed.cursor - historySize) };
    if (start === 'now') return { from: 'now' } as const;
    const { internal } = stream.requireAccess(session.user, dialect);
    const page = await application.queries.messages(stream.id, { internal, limit: historySize });
    return { from: page.version, page, internal };
  }

  /** One socket's way into one stream. */
  function doorOf(session: Session, dialect: Dialect, stream: LiveStream, welcome: (arrival: Arrival) => void) {
    let joined: Joined | undefined;
    return {
      get joined() {
        return joined;
      },
      /** Resolves with what was in the way, or undefined. */
      async enter(entry: Entry): Promise<Break | undefined> {
        let mismatch = false;
        const arrival = await stream.feed.arrive(entry.from, replayLimit, session.leaving, (events, version) => {
          const { internal } = stream.requireAccess(session.user, dialect);
          // What was loaded, or seen before, is of somebody who heard less, or more.
          mismatch = entry.internal !== undefined && entry.internal !== internal;
          if (mismatch) return;
          const { id } = stream;
          joined = { id, version, epoch: parts.epoch(), recovered: entry.recovered, internal };
          const wires = rendered(session, dialect, stream.kind, events).filter(
            ({ audience, exceptSocket }) => (internal || audience === 'public') && exceptSocket !== session.socket.id,
          );
          welcome({ ...joined, broken: entry.broken, wires, page: entry.page });
          stream.add(session, dialect);
        });
        if (arrival === 'joined') return mismatch ? 'access' : undefined;
        return arrival === 'too_old' ? 'too_old' : 'epoch';
      },
    };
  }

  function rendered(
    { user }: Session,
    dialect: Dialect,
    kind: LiveKind,
    events: readonly RecordedEvent[],
  ): StreamWire[] {
    const messageWire = messageWireFor(user);
    return events.flatMap((event) => tableOf(dialect, kind)?.render(event, messageWire) ?? []);
  }

  async function find(session: Session, dialect: Dialect, { kind, id: given }: Place) {
    const id = kind === 'ticket' ? await ticketIdOf(application, String(given)).catch(asUnseen) : String(given);
    const name = memberName(dialect, kind, id);
    return { id, name, member: session.members.get(name) };
  }

  return {
    async join(session, dialect, request, welcome) {
      const { id, name } = await find(session, dialect, request);
      return inTurn(session, name, () =>
        parts.replays.run(session.socket, () => join(session, dialect, id, request, welcome)),
      );
    },
    async leave(session, dialect, place) {
      const found = await find(session, dialect, place).catch(ifNotFound);
      if (found === undefined) return String(place.id);
      const { id, name } = found;
      return inTurn(session, name, async () => {
        const member = session.members.get(name);
        member?.stream.remove(session, dialect);
        // To somebody who was never in it, the id behind a number would say that there is such a ticket.
        return member === undefined ? String(place.id) : id;
      });
    },
    async require(session, dialect, place) {
      const found = await find(session, dialect, place).catch(ifNotFound);
      if (found?.member !== undefined) return found.member;
      throw new DeskwireError('conflict', 'Join the ticket first', { field: 'ticketId' });
    },
    leaveAll(session) {
      for (const { stream, dialect } of [...session.members.values()]) stream.remove(session, dialect);
    },
  };
}

/** Who is in nothing by a name is told the same whether or not it is the name of something. */
function ifNotFound(error: unknown): undefined {
  if (error instanceof DeskwireError && error.code === 'not_found') return undefined;
  throw error;
}

/** A number that is no ticket's is refused in the words in which a ticket is that one does not see. */
function asUnseen(error: unknown): never {
  if (!(error instanceof DeskwireError) || error.code !== 'not_found') throw error;
  throw new DeskwireError('not_found', error.message, { field: 'ticketId', cause: error });
}

/** One attempt to enter. */
interface Entry {
  readonly from: number | 'now';
  readonly recovered: boolean;
  /** What the client, or the page, shows already is that of somebody who hears internal notes, or does not. */
  readonly internal?: boolean | undefined;
  readonly broken?: Break | undefined;
  readonly page?: MessagePage | undefined;
}
