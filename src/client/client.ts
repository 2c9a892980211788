/** Builds a client from its parts: one user, one connection, one outbox. */

import type { Pace } from './backoff.ts';
import { createConnection } from './connection.ts';
import { createDeferred } from './deferred.ts';
import { closedError, DeskwireError } from './errors.ts';
import { createFollowings } from './followings.ts';
import { createHttp, type Http, type Method, type RequestOptions } from './http.ts';
import { createInbox, type Inbox } from './inbox.ts';
import type { Connection, Link } from './link.ts';
import { checkOptions, urlOf } from './options.ts';
import { createOutbox, type Outbox, type OutboxStorage, type StoredCommand } from './outbox.ts';
import { followRoom, type RoomHandle } from './room.ts';
import { memoryStorage } from './storage.ts';
import { realSurroundings, type Surroundings } from './surroundings.ts';
import { followTicket, requireId, type TicketHandle } from './ticket.ts';
import { createTickets, type Tickets } from './tickets.ts';
import { createTokens, type TokenSource } from './tokens.ts';
import type { Unsubscribe } from './types.ts';
import { createUploads } from './uploads.ts';

export interface ClientOptions {
  /** URL of the server, with the path under which it is served, if any. In a page it may be relative to the page. */
  readonly url: string;
  /** The user's token. A function is called again before the token expires, and when the server refuses it. */
  readonly token: TokenSource;
  /**
   * The id of the token's user, if it is known before the first token: an earlier page's commands are then shown
   * without a connection, too. A token of another user is refused.
   */
  readonly userId?: string;
  /** Where commands are kept until they are done; memory only when absent. */
  readonly storage?: OutboxStorage;
  /** In order of preference; `['websocket', 'polling']` when absent. */
  readonly transports?: readonly ('websocket' | 'polling')[];
  /**
   * Whether cookies are sent to a server of another origin, too; false when absent. `CORS_ORIGINS` must name the page.
   */
  readonly withCredentials?: boolean;
  /** Waits between attempts, in milliseconds: 500, doubling up to 30,000, when absent. */
  readonly pace?: Pace;
  /** Whether the client connects at once; true when absent. */
  readonly connect?: boolean;
  /** For tests. */
  readonly surroundings?: Partial<Surroundings>;
}

export interface Client {
  /** The server's URL, absolute. */
  readonly url: string;
  readonly connection: Connection;
  readonly tickets: Tickets;
  readonly inbox: Inbox;
  readonly outbox: Outbox;
  /** Follows a ticket, by its id, until the handle is closed. Throws `invalid_payload` for a number. */
  ticket(id: string): TicketHandle;
  /** Follows a room until the handle is closed. */
  room(name: string): RoomHandle;
  /**
   * Events that backends send over `/websocket/…`. `name` is the name that the backend gave (`notification`,
   * `orderShipped`).
   */
  on(name: string, listener: (payload: unknown) => void): Unsubscribe;
  /**
   * Any other request of the API. Resolves with the body of the answer, rejects with a `DeskwireError`. It is sent
   * once.
   */
  request<T>(method: Method, path: string, options?: RequestOptions): Promise<T>;
  /** Ends everything; commands in the outbox stay in its storage. */
  close(): void;
}

const PACE: Pace = { first: 500, most: 30_000 };
/** Milliseconds that a ticket or room is still followed after its last handle was closed. */
const LINGER = 30_000;

/** Throws `invalid_payload` for a wrong option; `field` is its name. */
export function createClient(options: ClientOptions): Client {
  checkOptions(options, ['url', 'token']);
  const surroundings: Surroundings = { ...realSurroundings(), ...options.surroundings };
  const { pace = PACE } = options;
  const page = (globalThis as { location?: { href: string; origin: string } }).location;
  const url = urlOf(options.url, page?.href);
  const tokens = createTokens(options.token, surroundings, options.userId);
  // To its own server, a page sends cookies anyway; balancers may need them.
  const withCredentials = options.withCredentials ?? url.origin === page?.origin;
  const http = createHttp({ url: url.href.replace(/\/$/, ''), tokens, surroundings, withCredentials });
  const { transports = ['websocket', 'polling'] } = options;
  const { connection, link, ...socket } = createConnection({
    ...{ url, tokens, surroundings, pace, transports, withCredentials },
  });
  const outbox = createOutbox({
    deliver: (command) => deliver(http, link, command),
    storage: options.storage ?? memoryStorage(),
    surroundings,
    pace,
    async userId() {
      if (tokens.userId === undefined) await tokens.get();
      const userId = tokens.userId ?? connection.me?.id;
      if (userId === undefined) throw new DeskwireError('no_token', 'The user of the token is not known yet');
      return userId;
    },
  });
  const uploads = createUploads({ http, tokens });
  const tickets = createTickets({
    link,
    http,
    outbox,
    uploads,
    newId: surroundings.newId,
    typing(id, typing, internal) {
      const ticket = followed.find(id);
      ticket?.typing(typing, internal);
      return ticket !== undefined;
    },
  });
  const shared = { link, http, outbox, surroundings, pace };
  const inbox = createInbox(shared);
  const lingering = { surroundings, linger: LINGER };
  const followed = createFollowings({
    ...lingering,
    make: (id, onUnused) => followTicket({ ...shared, id, tickets, me: () => connection.me?.id }, onUnused),
  });
  const rooms = createFollowings({
    ...lingering,
    make: (name, onUnused) => followRoom({ ...shared, name, send: (message) => sendToRoom(name, message) }, onUnused),
  });
  let closed = false;

  link.on('up', outbox.wake);
  outbox.wake();
  if (options.connect ?? true) connection.connect();

  return {
    url: url.href,
    connection,
    tickets,
    inbox,
    outbox,
    ticket(id) {
      if (closed) throw closedError();
      return followed.get(requireId(id)).handle();
    },
    room(name) {
      if (closed) throw closedError();
      return rooms.get(name).handle();
    },
    on: (wanted, listener) =>
      link.on('event', ({ name, payload }) => {
        if (name === wanted) listener(payload);
      }),
    request: async <T>(method: Method, path: string, request?: RequestOptions) =>
      (await http.request<T>(method, path, request)).body,
    close() {
      if (closed) return;
      closed = true;
      followed.close();
      rooms.close();
      inbox.close();
      outbox.close();
      socket.close();
      http.close();
    },
  };

  async function sendToRoom(room: string, message: unknown): Promise<void> {
    const id = surroundings.newId();
    const body = { room, message, clientMessageId: id };
    await outbox.enqueue({ lane: `room:${room}`, kind: 'room', method: 'SOCKET', path: 'roomMessage', body }, id);
  }
}

async function deliver(http: Http, link: Link, { id, method, path, body }: StoredCommand): Promise<unknown> {
  if (method !== 'SOCKET') {
    return (await http.request(method, path, { key: id, ...(body !== undefined && { body }) })).body;
  }
  const { promise, resolve, reject } = createDeferred<unknown>();
  link.request(path, body ?? {}, (reply) => (reply.ok ? resolve(reply.answer) : reject(reply.error)));
  return promise;
}
