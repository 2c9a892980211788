/**
 * Joins and leaves of tickets and rooms. A joining client gets the events after the last version that it has. If the
 * replay cannot continue from there, the client gets the start that its dialect asks for. The replay is sent, and the
 * client is added to the rooms, in one tick, so that no event comes between.
 */
import type { Application } from '../../application/application.ts';
import { type LatestMessages, listLatestMessages } from '../../application/messages.ts';
import { ticketIdOf } from '../../application/tickets.ts';
import { isOtherEpoch } from '../../application/view-epoch.ts';
import type { Names } from '../../directory/names.ts';
import { DeskwireError } from '../../domain/errors.ts';
import type { RecordedEvent } from '../../domain/event.ts';
import type { View } from '../../domain/ticket/public-view.ts';
import { visibilityOf } from '../../domain/visibility.ts';
import { createLanes } from '../../support/lanes.ts';
import type { Client } from '../connection/client.ts';
import type { Replays } from '../connection/replays.ts';
import type { Dialect, StreamWire } from '../dialects/dialect.ts';
import type { Arrival, Break, Joined, JoinRequest, LiveKind, Membership, Place } from '../dialects/joining.ts';
import type { MessageWireFor } from '../wire.ts';
import type { LiveStream } from './live-stream.ts';
import type { LiveStreams } from './live-streams.ts';
import { memberName } from './member-rooms.ts';
import { tableOf } from './stream-access.ts';

export interface Memberships {
  /** `welcome` sends the replay to the client. It is called in the tick in which the client joins. */
  join(client: Client, dialect: Dialect, request: JoinRequest, welcome: (arrival: Arrival) => void): Promise<Joined>;
  /** Resolves with the ticket's id or the room's name; with the id as given if the client had not joined. */
  leave(client: Client, dialect: Dialect, place: Place): Promise<string>;
  /** Rejects with `conflict` if the client has not joined. */
  require(client: Client, dialect: Dialect, place: Place): Promise<Membership>;
  leaveAll(client: Client): void;
}

interface MembershipsDeps {
  readonly application: Application;
  readonly streams: LiveStreams;
  readonly messageWireFor: MessageWireFor;
  readonly names: Names;
  readonly replays: Replays;
  readonly replayLimit: number;
  readonly historySize: number;
  readonly streamsPerSocket: number;
  epoch(): string;
}

/** The number of attempts to join. An attempt fails when the client's access changes during it. */
const ATTEMPTS = 3;

export function createMemberships(deps: MembershipsDeps): Memberships {
  const { application, streams, messageWireFor, names, replayLimit, historySize } = deps;

  const lanes = createLanes<string>();

  /** Runs one task at a time for each stream of a client, whether the client names a ticket by id or by number. */
  function inTurn<T>(client: Client, name: string, task: () => Promise<T>): Promise<T> {
    return lanes.run(`${client.id} ${name}`, task);
  }

  async function join(
    client: Client,
    dialect: Dialect,
    id: string,
    request: JoinRequest,
    welcome: (arrival: Arrival) => void,
  ): Promise<Joined> {
    const joinedAlready = client.members.has(memberName(dialect, request.kind, id));
    if (!joinedAlready && client.members.size >= deps.streamsPerSocket) {
      throw new DeskwireError('rate_limited', `A socket can be in ${deps.streamsPerSocket} places at once`, {
        field: request.kind === 'ticket' ? 'ticketId' : 'room',
        retryAfter: 1,
      });
    }
    const stream = streams.acquire(request.kind, id);
    try {
      // Access is decided on the log's present state, so a change on another node a moment ago counts.
      await stream.subscription.catchUp(client.leaving);
      stream.requireAccess(client.user, dialect);
      // A client that joins again gets a replay, and no live event may be sent before it.
      stream.suspend(client, dialect);
      return await admit(client, dialect, stream, request, welcome);
    } catch (error) {
      stream.remove(client, dialect);
      throw error;
    } finally {
      streams.release(stream);
    }
  }

  async function admit(
    client: Client,
    dialect: Dialect,
    stream: LiveStream,
    request: JoinRequest,
    welcome: (arrival: Arrival) => void,
  ): Promise<Joined> {
    const attempt = joinAttempt(client, dialect, stream, welcome);
    /** The client counts in its own numbering. A version that it cannot have seen belongs to another history. */
    const enterAfter = async (shown: number, seen: boolean | undefined): Promise<Break | undefined> => {
      const { internal, view } = stream.requireAccess(client.user, dialect);
      // Its version is of the other numbering, which says nothing in this one.
      if (seen !== undefined && seen !== internal) return 'access';
      const from = stream.streamVersion(shown, view);
      if (view === 'public' && from > stream.subscription.cursor) return 'epoch';
      return attempt.enter({ from, recovered: true, internal: seen, view });
    };
    const { after, epoch, internal } = request;
    let broken: Break | undefined;
    if (after !== undefined) {
      broken = isOtherEpoch(epoch, deps.epoch()) ? 'epoch' : undefined;
      broken ??= await enterAfter(after, internal);
    }
    // The page then contains the messages that this process has just recorded. They need no replay.
    if (attempt.joined === undefined && request.otherwise === 'page') await application.settle();
    for (let count = 0; count < ATTEMPTS && attempt.joined === undefined; count += 1) {
      await attempt.enter({ ...(await startOf(client, dialect, stream, request.otherwise)), recovered: false, broken });
    }
    if (attempt.joined !== undefined) return attempt.joined;
    throw new DeskwireError('unavailable', 'It cannot be joined now', { retryAfter: 1 });
  }

  async function startOf(client: Client, dialect: Dialect, stream: LiveStream, start: JoinRequest['otherwise']) {
    if (start === 'latest') return { from: Math.max(0, stream.subscription.cursor - historySize) };
    if (start === 'now') return { from: 'now' } as const;
    const { internal, view } = stream.requireAccess(client.user, dialect);
    // A dialect without internal notes shows none of them to staff either.
    const listed = await listLatestMessages(application, stream.id, { view, internal, limit: historySize });
    return { from: listed.streamVersion, page: listed, internal, view };
  }

  /** One client's attempt to join one stream, from one or more starts. */
  function joinAttempt(client: Client, dialect: Dialect, stream: LiveStream, welcome: (arrival: Arrival) => void) {
    let joined: Joined | undefined;
    return {
      get joined() {
        return joined;
      },
      /** Resolves with the reason why the client could not join, or undefined. */
      async enter(entry: Start, namesLoaded = false): Promise<Break | undefined> {
        let mismatch = false;
        let unnamed: string[] = [];
        // Events that the client does not see do not count against the limit, or it would tell that there are some.
        const limit = replayLimit + stream.hiddenAfter(entry.from, entry.view);
        const arrival = await stream.subscription.arrive(entry.from, limit, client.leaving, (events, cursor) => {
          const { internal, view } = stream.requireAccess(client.user, dialect);
          // The page, or the client's own state, was loaded with an access that has changed since.
          mismatch = entry.internal !== undefined && entry.internal !== internal;
          mismatch ||= entry.view !== undefined && entry.view !== view;
          const visible = internal ? events : events.filter((event) => visibilityOf(event) === 'public');
          if (!namesLoaded) unnamed = names.missing(visible);
          if (mismatch || unnamed.length > 0) return;
          const { id } = stream;
          const version = stream.shownVersion(cursor, view);
          joined = { id, version, epoch: deps.epoch(), recovered: entry.recovered, internal };
          const shown = visible.map((event) => stream.shownEvent(event, view));
          const wires = rendered(client, dialect, stream.kind, shown).filter(
            ({ audience, exceptSocket }) => (internal || audience === 'public') && exceptSocket !== client.id,
          );
          welcome({ ...joined, broken: entry.broken, wires, page: entry.page });
          stream.add(client, dialect);
        });
        if (arrival === 'joined' && !mismatch && unnamed.length > 0) {
          await names.load(unnamed);
          return this.enter(entry, true);
        }
        if (arrival === 'joined') return mismatch ? 'access' : undefined;
        return arrival === 'too_old' ? 'too_old' : 'epoch';
      },
    };
  }

  function rendered(
    { user }: Client,
    dialect: Dialect,
    kind: LiveKind,
    events: readonly RecordedEvent[],
  ): StreamWire[] {
    const messageWire = messageWireFor(user);
    return events.flatMap((event) => tableOf(dialect, kind)?.render(event, messageWire) ?? []);
  }

  async function find(client: Client, dialect: Dialect, { kind, id: given }: Place) {
    const id = kind === 'ticket' ? await ticketIdOf(application, String(given)).catch(asUnknownTicket) : String(given);
    const name = memberName(dialect, kind, id);
    return { id, name, member: client.members.get(name) };
  }

  return {
    async join(client, dialect, request, welcome) {
      const { id, name } = await find(client, dialect, request);
      return inTurn(client, name, () =>
        deps.replays.run(client.socket, () => join(client, dialect, id, request, welcome)),
      );
    },
    async leave(client, dialect, place) {
      const found = await find(client, dialect, place).catch(undefinedIfNotFound);
      if (found === undefined) return String(place.id);
      const { id, name } = found;
      return inTurn(client, name, async () => {
        const member = client.members.get(name);
        member?.stream.remove(client, dialect);
        // To a client that never joined, the id behind a number would reveal that the ticket exists.
        return member === undefined ? String(place.id) : id;
      });
    },
    async require(client, dialect, place) {
      const found = await find(client, dialect, place).catch(undefinedIfNotFound);
      if (found?.member !== undefined) return found.member;
      throw new DeskwireError('conflict', 'Join the ticket first', { field: 'ticketId' });
    },
    leaveAll(client) {
      for (const { stream, dialect } of [...client.members.values()]) stream.remove(client, dialect);
    },
  };
}

/** A client that has not joined gets the same answer whether or not the ticket exists. */
function undefinedIfNotFound(error: unknown): undefined {
  if (error instanceof DeskwireError && error.code === 'not_found') return undefined;
  throw error;
}

/** A number without a ticket gets the same refusal as a ticket that the user may not see. */
function asUnknownTicket(error: unknown): never {
  if (!(error instanceof DeskwireError) || error.code !== 'not_found') throw error;
  throw new DeskwireError('not_found', error.message, { field: 'ticketId', cause: error });
}

/** A start of the replay for a client that joins. */
interface Start {
  readonly from: number | 'now';
  readonly recovered: boolean;
  /** Whether the page, or the client's own state, includes internal notes. */
  readonly internal?: boolean | undefined;
  /** The numbering of the page, or of the version that the client gave. */
  readonly view?: View;
  readonly broken?: Break | undefined;
  readonly page?: LatestMessages | undefined;
}
