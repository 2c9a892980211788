/**
 * Sends the ids of changed tickets to users who see every ticket, so that their lists stay current. It sends a few
 * times a second at most, and only after the read models show the change. Other users learn of their tickets from their
 * inbox: a check of each event for each follower would cost too much. Their inbox does not tell that access was given
 * or taken, so they receive the ids of tickets whose event names them as such: requester, assignee or participant.
 *
 * Changes may be missed while the broker is away. Followers then receive `all`: any ticket may have changed.
 */
import type { Application } from '../../application/application.ts';
import type { Broker, Subscription } from '../../broker/port.ts';
import { maySeeEveryTicket } from '../../domain/access.ts';
import { parseStream, type RecordedEvent } from '../../domain/event.ts';
import type { Client } from '../connection/client.ts';
import type { ChangedTickets } from '../dialects/dialect.ts';

export interface TicketChanges {
  /**
   * Sends changes to this client until it disconnects. False for a user who does not see every ticket: that user
   * receives only changes of their own access.
   */
  follow(client: Client): boolean;
  close(): void;
}

interface TicketChangesDeps {
  readonly broker: Pick<Broker, 'live' | 'onReconnected'>;
  readonly waiter: Pick<Application, 'waitFor'>;
  /** Milliseconds in which changes are gathered. */
  readonly gather: number;
  send(client: Client, changed: ChangedTickets): void;
  onError(error: unknown): void;
}

/** The number of ids in one event, at most. To load the list afresh costs a client less than more ids. */
const MOST_IDS = 200;
/** Milliseconds to wait for the read models. */
const WAIT_MS = 5_000;

export function createTicketChanges({ broker, waiter, gather, send, onError }: TicketChangesDeps): TicketChanges {
  const following = new Set<Client>();
  let subscription: Subscription | undefined;
  /** The users whose access changed, by ticket. */
  let gathered = new Map<string, Set<string>>();
  let all = false;
  let position = 0;
  let timer: NodeJS.Timeout | undefined;
  let sending = false;

  function onEvent(event: RecordedEvent): void {
    // Only the reader's unread count changes, and the reader receives it.
    if (event.type === 'TicketRead') return;
    const { id } = parseStream(event.stream);
    gathered.set(id, new Set([...(gathered.get(id) ?? []), ...usersNamedBy(event)]));
    position = Math.max(position, event.position);
    plan();
  }

  function plan(): void {
    if (!sending) timer ??= setTimeout(() => void sendAll().catch(onError), gather).unref();
  }

  async function sendAll(): Promise<void> {
    timer = undefined;
    sending = true;
    const changes = gathered;
    const isAll = all;
    gathered = new Map();
    all = false;
    try {
      await waiter.waitFor(position, WAIT_MS);
      const everything = changedTickets([...changes.keys()], isAll);
      for (const client of following) {
        if (maySeeEveryTicket(client.user)) send(client, everything);
        else sendOwn(client, changes, isAll);
      }
    } finally {
      sending = false;
      if (gathered.size > 0 || all) plan();
    }
  }

  function sendOwn(client: Client, changes: ReadonlyMap<string, ReadonlySet<string>>, isAll: boolean): void {
    const own = [...changes].flatMap(([id, users]) => (users.has(client.user.id) ? [id] : []));
    if (own.length > 0 || isAll) send(client, changedTickets(own, isAll));
  }

  /** Events may have been missed, so any ticket may have changed. */
  function missed(): void {
    if (following.size === 0) return;
    all = true;
    plan();
  }

  function leave(client: Client): void {
    following.delete(client);
    if (following.size > 0) return;
    subscription?.close();
    subscription = undefined;
  }

  const forgetReconnections = broker.onReconnected(missed);
  return {
    follow(client) {
      const seesEvery = maySeeEveryTicket(client.user);
      if (client.leaving.aborted) return false;
      if (following.has(client)) return seesEvery;
      following.add(client);
      client.leaving.addEventListener('abort', () => leave(client), { once: true });
      if (subscription === undefined) {
        subscription = broker.live.subscribeKind('ticket', onEvent);
        // Events from before the registration were not received.
        subscription.ready.then(missed, onError);
      }
      return seesEvery;
    },
    close() {
      clearTimeout(timer);
      forgetReconnections();
      subscription?.close();
      following.clear();
    },
  };
}

function changedTickets(ids: readonly string[], all: boolean): ChangedTickets {
  const tooMany = ids.length > MOST_IDS;
  return { ticketIds: tooMany ? [] : ids, all: all || tooMany };
}

/** The users to whom an event gives access, or from whom it takes it. */
function usersNamedBy({ type, data }: RecordedEvent): readonly string[] {
  const named = data as TicketEventData;
  switch (type) {
    case 'TicketOpened':
      return named.requesterId === undefined ? [] : [named.requesterId];
    case 'ParticipantAdded':
    case 'ParticipantRemoved':
      return named.userId === undefined ? [] : [named.userId];
    case 'TicketChanged': {
      const { from, to } = named.changes?.assignee ?? {};
      return [from, to].flatMap((person) => person?.id ?? []);
    }
    default:
      return [];
  }
}

interface TicketEventData {
  readonly requesterId?: string;
  readonly userId?: string;
  readonly changes?: { readonly assignee?: { readonly from?: Named | null; readonly to?: Named | null } };
}

interface Named {
  readonly id: string;
}
