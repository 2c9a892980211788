/**
 * The inboxes of the users with sockets in this process, one feed each, held by their sessions. All are compared with
 * the read model after a reconnection of the broker, and in turn all the time, a few at once.
 */
import type { Broker } from '../../broker/port.ts';
import type { UserFacts } from '../../domain/user/identity.ts';
import type { FeedOptions } from '../delivery/catch-up-subscription.ts';
import { createInboxFeed, type InboxFeed, type InboxFeedParts } from './live-inbox.ts';

export interface Inboxes {
  /**
   * Resolves when the inbox of a user is followed, or cannot be; it is for a while then, also when nobody acquires it. A
   * socket that opens afterwards misses nothing that happens from that moment on.
   */
  prepare(user: UserFacts): Promise<void>;
  acquire(user: UserFacts): InboxFeed;
  /** Every acquisition is released once, whatever became of the feed. */
  release(feed: InboxFeed): void;
  userChanged(user: UserFacts): void;
  /** Drops every feed: the log, and so every seq, is another one now. */
  reset(): void;
  close(): void;
}

export interface InboxesParts extends InboxFeedParts {
  readonly broker: Pick<Broker, 'onReconnected'>;
}

interface Held {
  readonly feed: InboxFeed;
  holders: number;
  lingering: NodeJS.Timeout | undefined;
}

const COMPARED_AT_ONCE = 8;

export function createInboxes(
  parts: InboxesParts,
  options: FeedOptions,
  paces: { readonly linger: number; readonly checkEvery: number },
): Inboxes {
  const held = new Map<string, Held>();
  let comparing = false;

  async function compareAll(): Promise<void> {
    if (comparing) return;
    comparing = true;
    const feeds = [...held.values()].values();
    await Promise.all(Array.from({ length: COMPARED_AT_ONCE }, () => compareEach(feeds)));
    comparing = false;
  }

  async function compareEach(feeds: Iterable<Held>): Promise<void> {
    for (const { feed } of feeds) {
      try {
        await feed.compare();
      } catch (error) {
        parts.onError(error);
      }
    }
  }

  const timer = setInterval(() => void compareAll(), paces.checkEvery).unref();
  const stopReconnected = parts.broker.onReconnected(() => void compareAll());

  function open(user: UserFacts): Held {
    const entry: Held = { feed: createInboxFeed(user, parts, options), holders: 0, lingering: undefined };
    held.set(user.id, entry);
    // One that could not be opened is of no use to the next who asks.
    entry.feed.opened.catch(() => drop(entry));
    return entry;
  }

  function drop(entry: Held): void {
    clearTimeout(entry.lingering);
    entry.feed.close();
    const { id } = entry.feed.user;
    if (held.get(id) === entry) held.delete(id);
  }

  function reset(): void {
    for (const entry of [...held.values()]) drop(entry);
  }

  function acquire(user: UserFacts): InboxFeed {
    const entry = held.get(user.id) ?? open(user);
    clearTimeout(entry.lingering);
    entry.holders += 1;
    // One that lingered was told of no change: nobody was there to whom it would have mattered.
    entry.feed.user = user;
    return entry.feed;
  }

  function release(feed: InboxFeed): void {
    const entry = held.get(feed.user.id);
    if (entry?.feed !== feed) return;
    entry.holders -= 1;
    if (entry.holders === 0) entry.lingering = setTimeout(drop, paces.linger, entry).unref();
  }

  return {
    async prepare(user) {
      const feed = acquire(user);
      // Whoever acquires it next is told why it could not be opened.
      await feed.opened.catch(() => undefined);
      release(feed);
    },
    acquire,
    release,
    userChanged(user) {
      const entry = held.get(user.id);
      if (entry !== undefined) entry.feed.user = user;
    },
    reset,
    close() {
      clearInterval(timer);
      stopReconnected();
      reset();
    },
  };
}
