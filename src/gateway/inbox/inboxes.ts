/**
 * The live inboxes of the users with clients in this process. An inbox stays open for a while after its last client has
 * gone. All inboxes are compared with the read model after a reconnection of the broker, and from time to time, a few
 * at once.
 */
import type { Broker } from '../../broker/port.ts';
import type { UserFacts } from '../../domain/user/identity.ts';
import { createLingering } from '../../support/lingering.ts';
import type { SubscriptionOptions } from '../delivery/catch-up-subscription.ts';
import { createLiveInbox, type LiveInbox, type LiveInboxDeps } from './live-inbox.ts';

export interface Inboxes {
  /**
   * Resolves when the inbox of a user is open, or when opening it failed. It stays open for a while without clients. A
   * client that connects in this time misses no later event.
   */
  prepare(user: UserFacts): Promise<void>;
  acquire(user: UserFacts): LiveInbox;
  /** Release each acquisition once, even when the inbox was dropped meanwhile. */
  release(inbox: LiveInbox): void;
  userChanged(user: UserFacts): void;
  /** Drops all inboxes. Call it when the log has a new epoch: every seq is void then. */
  reset(): void;
  close(): void;
}

export interface InboxesDeps extends LiveInboxDeps {
  readonly broker: Pick<Broker, 'onReconnected'>;
}

/** The number of inboxes that are compared at the same time. */
const COMPARED_AT_ONCE = 8;

export function createInboxes(
  deps: InboxesDeps,
  options: SubscriptionOptions,
  intervals: { readonly linger: number; readonly checkEvery: number },
): Inboxes {
  const inboxes = createLingering<string, LiveInbox>({ linger: intervals.linger, close: (inbox) => inbox.close() });
  let comparing = false;

  async function compareAll(): Promise<void> {
    if (comparing) return;
    comparing = true;
    const all = [...inboxes].values();
    await Promise.all(Array.from({ length: COMPARED_AT_ONCE }, () => compareEach(all)));
    comparing = false;
  }

  async function compareEach(all: Iterable<LiveInbox>): Promise<void> {
    for (const inbox of all) {
      try {
        await inbox.compare();
      } catch (error) {
        deps.onError(error);
      }
    }
  }

  const timer = setInterval(() => void compareAll(), intervals.checkEvery).unref();
  const stopReconnected = deps.broker.onReconnected(() => void compareAll());

  function open(user: UserFacts): LiveInbox {
    const inbox = createLiveInbox(user, deps, options);
    // The next client opens it again.
    inbox.opened.catch(() => inboxes.drop(user.id, inbox));
    return inbox;
  }

  function acquire(user: UserFacts): LiveInbox {
    const inbox = inboxes.acquire(user.id, () => open(user));
    // An inbox without clients does not learn of changes of its user.
    inbox.user = user;
    return inbox;
  }

  function release(inbox: LiveInbox): void {
    inboxes.release(inbox.user.id, inbox);
  }

  return {
    async prepare(user) {
      const inbox = acquire(user);
      // The client that acquires the inbox next gets the failure.
      await inbox.opened.catch(() => undefined);
      release(inbox);
    },
    acquire,
    release,
    userChanged(user) {
      const inbox = inboxes.get(user.id);
      if (inbox !== undefined) inbox.user = user;
    },
    reset: inboxes.clear,
    close() {
      clearInterval(timer);
      stopReconnected();
      inboxes.clear();
    },
  };
}
