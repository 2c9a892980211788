/**
 * Tells those who see every ticket which of them have changed, whoever changed them and how: what a list needs to stay
 * current. It says nothing but their ids, a few times a second at most however much happens, and only once reads show the
 * change. Everyone else hears of their own tickets by their inbox: asking of each event who may know of it would cost as
 * much as there are listeners.
 *
 * It may miss something when the broker is away; whoever listens is then told that any ticket may have changed.
 */
import type { Broker, Subscription } from '../../broker/port.ts';
import { maySeeEveryTicket } from '../../domain/access.ts';
import { parseStream, type RecordedEvent } from '../../domain/event.ts';
import type { ProjectionWaiter } from '../../projections/queries/queries.ts';
import type { Session } from '../connection/client.ts';

export interface ChangedTickets {
  readonly ticketIds: readonly string[];
  /** Any other may have changed, too. */
  readonly all: boolean;
}

export interface TicketChanges {
  /** False for those who do not see every ticket: they are told nothing here. */
  follow(session: Session): boolean;
  close(): void;
}

interface Parts {
  readonly broker: Pick<Broker, 'live' | 'onReconnected'>;
  readonly waiter: ProjectionWaiter;
  /** Milliseconds in which changes are gathered. */
  readonly gather: number;
  tell(session: Session, changed: ChangedTickets): void;
  onError(error: unknown): void;
}

/** Ids that are told at once; with more, the list is better loaded afresh. */
const MOST = 200;
const WAIT_MS = 5_000;

export function createTicketChanges({ broker, waiter, gather, tell, onError }: Parts): TicketChanges {
  const following = new Set<Session>();
  let subscription: Subscription | undefined;
  let gathered = new Set<string>();
  let all = false;
  let position = 0;
  let timer: NodeJS.Timeout | undefined;
  let telling = false;

  function onEvent(event: RecordedEvent): void {
    // Whose reading it is hears of it as what is unread.
    if (event.type === 'TicketRead') return;
    gathered.add(parseStream(event.stream).id);
    position = Math.max(position, event.position);
    plan();
  }

  function plan(): void {
    if (!telling) timer ??= setTimeout(() => void tellAll().catch(onError), gather).unref();
  }

  async function tellAll(): Promise<void> {
    timer = undefined;
    telling = true;
    const changed = { ticketIds: gathered.size > MOST ? [] : [...gathered], all: all || gathered.size > MOST };
    gathered = new Set();
    all = false;
    try {
      await waiter.waitFor(position, WAIT_MS);
      for (const session of following) if (maySeeEveryTicket(session.user)) tell(session, changed);
    } finally {
      telling = false;
      if (gathered.size > 0 || all) plan();
    }
  }

  function missed(): void {
    if (following.size === 0) return;
    all = true;
    plan();
  }

  function leave(session: Session): void {
    following.delete(session);
    if (following.size > 0) return;
    subscription?.close();
    subscription = undefined;
  }

  const forgetReconnections = broker.onReconnected(missed);
  return {
    follow(session) {
      if (!maySeeEveryTicket(session.user) || session.leaving.aborted) return false;
      if (following.has(session)) return true;
      following.add(session);
      session.leaving.addEventListener('abort', () => leave(session), { once: true });
      if (subscription === undefined) {
        subscription = broker.live.subscribeKind('ticket', onEvent);
        // What happened before the broker knew of our interest was not heard.
        subscription.ready.then(missed, onError);
      }
      return true;
    },
    close() {
      clearTimeout(timer);
      forgetReconnections();
      subscription?.close();
      following.clear();
    },
  };
}
