/**
 * The tickets that this process has members in. The first member acquires a feed, the last one releases it, and it stays
 * a moment longer, because who leaves a page often comes back. What all of them read from the log at the same time goes
 * into one statement; so do the comparisons of their heads, which find a last event that was lost: after each
 * reconnection of the broker for all, from time to time for those that were idle.
 */
import type { Broker } from '../../broker/port.ts';
import { type RecordedEvent, type Stream, streamOf } from '../../domain/event.ts';
import type { EventReader, StreamRange } from '../../eventlog/event-log.ts';
import { batched } from '../batch.ts';
import type { FeedOptions } from '../feed/feed.ts';
import { createTicketFeed, type TicketFeed, type TicketFeedParts } from './ticket-feed.ts';

export interface TicketFeeds {
  /** Every acquisition is released once, whatever became of the feed. */
  acquire(ticketId: string): TicketFeed;
  release(feed: TicketFeed): void;
  get(ticketId: string): TicketFeed | undefined;
  /** Those whose ticket points at references. */
  checkRelations(): void;
  /** Drops every feed: the log is another one now. */
  reset(): void;
  close(): void;
}

export interface TicketFeedsParts
  extends Omit<TicketFeedParts, 'readVersion' | 'readEvents' | 'onMemberAdded' | 'onMemberRemoved'> {
  readonly broker: Broker;
  readonly reader: Pick<EventReader, 'readStreams' | 'readVersions'>;
  onAcquired(feed: TicketFeed): void;
  onReleased(feed: TicketFeed): void;
  onError(error: unknown): void;
}

/** Milliseconds. */
interface Paces {
  readonly linger: number;
  readonly headCheckEvery: number;
}

interface Held {
  readonly feed: TicketFeed;
  holders: number;
  /** `delivered` when its head was last compared. */
  looked: number;
  lingering: NodeJS.Timeout | undefined;
}

const RANGES_AT_ONCE = 50;
const HEADS_AT_ONCE = 1_000;

export function createTicketFeeds(parts: TicketFeedsParts, options: FeedOptions, paces: Paces): TicketFeeds {
  const held = new Map<string, Held>();
  const readRange = batched<StreamRange, RecordedEvent[]>((ranges) => parts.reader.readStreams(ranges), RANGES_AT_ONCE);
  const readHead = batched<Stream, number>((streams) => parts.reader.readVersions(streams), HEADS_AT_ONCE);

  function open(ticketId: string): Held {
    const feed = createTicketFeed(
      ticketId,
      {
        ...parts,
        readVersion: (id) => readHead(streamOf('ticket', id)),
        readEvents: (id, after, limit) => readRange({ stream: streamOf('ticket', id), after, limit }),
        onMemberAdded: () => {
          entry.holders += 1;
        },
        onMemberRemoved: () => release(feed),
      },
      options,
    );
    const entry: Held = { feed, holders: 0, looked: 0, lingering: undefined };
    held.set(ticketId, entry);
    // One that could not be opened is of no use to the next who asks.
    feed.feed.opened.catch(() => drop(entry));
    parts.onAcquired(feed);
    return entry;
  }

  function drop(entry: Held): void {
    if (held.get(entry.feed.ticketId) !== entry) return;
    clearTimeout(entry.lingering);
    held.delete(entry.feed.ticketId);
    entry.feed.close();
    parts.onReleased(entry.feed);
  }

  function release(feed: TicketFeed): void {
    const entry = held.get(feed.ticketId);
    if (entry?.feed !== feed) return;
    entry.holders -= 1;
    if (entry.holders > 0) return;
    // Nobody comes back to a ticket that is not there.
    if (!feed.state.exists || feed.state.deleted) drop(entry);
    else entry.lingering = setTimeout(drop, paces.linger, entry).unref();
  }

  async function compareHead(entry: Held): Promise<void> {
    entry.looked = entry.feed.feed.delivered;
    try {
      const version = await readHead(streamOf('ticket', entry.feed.ticketId));
      entry.feed.feed.checkHead(version);
    } catch (error) {
      parts.onError(error);
    }
  }

  function compareHeads(which: (entry: Held) => boolean): void {
    for (const entry of held.values()) {
      if (which(entry)) void compareHead(entry);
      else entry.looked = entry.feed.feed.delivered;
    }
  }

  function reset(): void {
    for (const entry of [...held.values()]) drop(entry);
  }

  const timer = setInterval(() => {
    compareHeads(({ feed, looked }) => feed.feed.delivered === looked);
  }, paces.headCheckEvery).unref();
  const stopReconnected = parts.broker.onReconnected(() => compareHeads(() => true));

  return {
    acquire(ticketId) {
      const entry = held.get(ticketId) ?? open(ticketId);
      clearTimeout(entry.lingering);
      entry.holders += 1;
      return entry.feed;
    },
    release,
    get: (ticketId) => held.get(ticketId)?.feed,
    checkRelations() {
      for (const { feed } of held.values()) {
        const { grnId, dispatchId } = feed.state;
        if (grnId !== null || dispatchId !== null) void feed.checkRelations().catch(parts.onError);
      }
    },
    reset,
    close() {
      clearInterval(timer);
      stopReconnected();
      reset();
    },
  };
}
