/**
 * Joining and leaving tickets. A socket that joins is let in once it has everything up to the ticket's cursor: the events
 * after the version it saw last, or, without one, the latest page and what happened since that page. What it is sent
 * then, and its entry into the rooms, happen in one tick, so nothing can come between.
 */

import type { Services } from '../../application/services.ts';
import { ticketIdOf } from '../../application/tickets.ts';
import { DeskwireError } from '../../domain/errors.ts';
import type { RecordedEvent } from '../../domain/event.ts';
import type { TicketEvent } from '../../domain/ticket/events.ts';
import type { MessagePage } from '../../projections/queries.ts';
import type { Session } from '../connection/session.ts';
import type { Dialect } from '../dialects/dialect.ts';
import type { MessageWireFor } from '../wire.ts';
import type { TicketMember } from './members.ts';
import { memberName, type TicketFeed } from './ticket-feed.ts';
import type { TicketFeeds } from './ticket-feeds.ts';

export interface JoinRequest {
  /** As the client gave it. */
  readonly ticketId: string | number;
  readonly after?: number;
  readonly epoch?: string;
}

export interface Joined {
  readonly ticketId: string;
  readonly version: number;
  readonly epoch: string;
  readonly recovered: boolean;
}

export interface Memberships {
  join(session: Session, dialect: Dialect, request: JoinRequest): Promise<Joined>;
  /** Resolves with the ticket's id, whether or not the socket was in it. */
  leave(session: Session, dialect: Dialect, idOrNumber: string | number): Promise<string>;
  /** Throws `conflict` for a socket that has not joined. */
  require(session: Session, dialect: Dialect, idOrNumber: string | number): Promise<TicketMember>;
  leaveAll(session: Session): void;
}

interface Parts {
  readonly services: Services;
  readonly feeds: TicketFeeds;
  readonly messageWireFor: MessageWireFor;
  readonly replayLimit: number;
  readonly historySize: number;
  readonly ticketsPerSocket: number;
  epoch(): string;
}

/** How often a page is read anew because the ticket, or what the reader may see of it, moved away from it. */
const PAGE_ATTEMPTS = 3;

export function createMemberships(parts: Parts): Memberships {
  const { services, feeds, messageWireFor, replayLimit, historySize } = parts;

  const turns = new WeakMap<Session, Map<string, Promise<unknown>>>();

  /** One at a time for each ticket of a socket, whether the client names it by id or by number. */
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
    ticketId: string,
    request: Omit<JoinRequest, 'ticketId'>,
  ): Promise<Joined> {
    const joinedAlready = session.members.has(memberName(dialect, ticketId));
    if (!joinedAlready && session.members.size >= parts.ticketsPerSocket) {
      throw new DeskwireError('rate_limited', `A socket can be in ${parts.ticketsPerSocket} tickets at once`, {
        field: 'ticketId',
        retryAfter: 1,
      });
    }
    const feed = feeds.acquire(ticketId);
    try {
      // Decided on what the log says now: access given or taken a moment ago on another node counts already.
      await feed.feed.current(session.leaving);
      feed.requireAccess(session.user);
      // Whoever joins again is asking for what comes after a version it names; nothing may be sent before that.
      feed.suspend(session, dialect);
      return await letIn(session, dialect, feed, request);
    } catch (error) {
      feed.remove(session, dialect);
      throw error;
    } finally {
      feeds.release(feed);
    }
  }

  async function letIn(
    session: Session,
    dialect: Dialect,
    feed: TicketFeed,
    request: Omit<JoinRequest, 'ticketId'>,
  ): Promise<Joined> {
    const { after } = request;
    const sameLog = request.epoch === undefined || request.epoch === parts.epoch();
    if (after !== undefined && sameLog) {
      const enter = entrance(session, dialect, feed, undefined);
      const arrival = await feed.feed.arrive(after, replayLimit, session.leaving, enter.enter);
      if (arrival === 'joined') return enter.joined();
    }
    // A page that has what was just posted, rather than one that is made up for by single messages.
    await services.settle();
    for (let attempt = 0; attempt < PAGE_ATTEMPTS; attempt += 1) {
      const { internal } = feed.requireAccess(session.user);
      const page = await services.queries.messages(feed.ticketId, { internal, limit: historySize });
      const enter = entrance(session, dialect, feed, { page, internal });
      const arrival = await feed.feed.arrive(page.version, replayLimit, session.leaving, enter.enter);
      if (arrival === 'joined' && enter.entered()) return enter.joined();
    }
    throw new DeskwireError('unavailable', 'The ticket cannot be joined now', { retryAfter: 1 });
  }

  /** What happens in the tick of the entry. It does not enter with a page for somebody who may now see less, or more. */
  function entrance(
    session: Session,
    dialect: Dialect,
    feed: TicketFeed,
    read: { page: MessagePage; internal: boolean } | undefined,
  ) {
    const { ticketId } = feed;
    let joined: Joined | undefined;
    function enter(events: readonly RecordedEvent[], version: number): void {
      const { internal } = feed.requireAccess(session.user);
      if (read !== undefined && read.internal !== internal) return;
      joined = { ticketId, version, epoch: parts.epoch(), recovered: read === undefined };
      const { socket } = session;
      const messageWire = messageWireFor(session.user);
      for (const wire of dialect.tickets?.arrived({ ...joined, page: read?.page, limit: historySize }, messageWire) ??
        []) {
        socket.emit(wire.name, wire.payload);
      }
      for (const event of events) {
        for (const wire of dialect.tickets?.render(event as RecordedEvent<TicketEvent>, messageWire) ?? []) {
          if (internal || wire.audience === 'public') socket.emit(wire.name, wire.payload);
        }
      }
      feed.add(session, dialect);
    }
    return {
      enter,
      entered: () => joined !== undefined,
      joined(): Joined {
        if (joined === undefined) throw new DeskwireError('unavailable', 'The ticket cannot be joined now');
        return joined;
      },
    };
  }

  async function find(session: Session, dialect: Dialect, idOrNumber: string | number) {
    const ticketId = await ticketIdOf(services, String(idOrNumber));
    return { ticketId, member: session.members.get(memberName(dialect, ticketId)) };
  }

  return {
    async join(session, dialect, { ticketId: idOrNumber, ...request }) {
      const { ticketId } = await find(session, dialect, idOrNumber);
      return inTurn(session, memberName(dialect, ticketId), () => join(session, dialect, ticketId, request));
    },
    async leave(session, dialect, idOrNumber) {
      const { ticketId } = await find(session, dialect, idOrNumber);
      const name = memberName(dialect, ticketId);
      return inTurn(session, name, async () => {
        session.members.get(name)?.feed.remove(session, dialect);
        return ticketId;
      });
    },
    async require(session, dialect, idOrNumber) {
      const { member } = await find(session, dialect, idOrNumber);
      if (member !== undefined) return member;
      throw new DeskwireError('conflict', 'Join the ticket first', { field: 'ticketId' });
    },
    leaveAll(session) {
      for (const { feed, dialect } of [...session.members.values()]) feed.remove(session, dialect);
    },
  };
}
