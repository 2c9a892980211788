/**
 * Commands and queries about tickets, by id. Commands go through the outbox: they survive lost connections, and are
 * carried out once.
 */

import { createEmitter, type Listenable } from './emitter.ts';
import { DeskwireError } from './errors.ts';
import type { Http } from './http.ts';
import type { Link } from './link.ts';
import type { Command, InnerOutbox } from './outbox.ts';
import type {
  Attachment,
  ChangeTicket,
  ListTickets,
  Message,
  OpenTicket,
  Page,
  Participant,
  PostMessage,
  Ticket,
  TimelineEntry,
} from './types.ts';
import type { FileToUpload, UploadOptions, Uploads } from './uploads.ts';

export interface MessagePage {
  /** Oldest first. */
  readonly messages: readonly Message[];
  readonly pagination: { readonly hasMore: boolean; readonly nextCursor: string | null; readonly total: number };
  /** The version of the ticket up to which the page is complete. */
  readonly version: number;
}

export interface TicketsEvents {
  /** How many messages of a ticket this user has not read, whenever that changes. The ticket need not be followed. */
  unread: { readonly ticketId: string; readonly unread: number };
  /**
   * Which tickets changed, for users who see every ticket (admins and agents); it keeps a list current. `all`: any
   * other ticket may have changed, too. Emitted with `all` whenever the connection is back.
   */
  changed: { readonly ticketIds: readonly string[]; readonly all: boolean };
}

export interface Tickets extends Listenable<TicketsEvents> {
  open(ticket: OpenTicket): Promise<Ticket>;
  /** By id or number. */
  get(id: string): Promise<Ticket>;
  /** Newest first. */
  list(query?: ListTickets, options?: { readonly signal?: AbortSignal }): Promise<Page<Ticket>>;
  post(id: string, message: string | PostMessage): Promise<Message>;
  /** `upTo`: a version of the ticket; `message.version` of the last message seen. */
  read(id: string, upTo: number): Promise<{ ticketId: string; upTo: number; unread: number }>;
  /** Only for a followed ticket (`client.ticket(id)`). Call it with every key: it sends no more than needed. */
  typing(id: string, typing?: boolean, options?: { readonly internal?: boolean }): void;
  messages(id: string, range?: { before?: number; after?: number; limit?: number }): Promise<MessagePage>;
  change(id: string, changes: ChangeTicket, options?: { readonly ifRevision?: number }): Promise<Ticket>;
  /** `null` removes the assignee. */
  assign(id: string, userId: string | null): Promise<Ticket>;
  remove(id: string): Promise<void>;
  participants(id: string): Promise<readonly Participant[]>;
  addParticipant(id: string, userId: string): Promise<void>;
  removeParticipant(id: string, userId: string): Promise<void>;
  /** The audit timeline, for staff; oldest first. `nextAfter` is null on the last page. */
  timeline(
    id: string,
    range?: { after?: number; limit?: number },
  ): Promise<{ readonly items: readonly TimelineEntry[]; readonly nextAfter: number | null }>;
  /** Uploads a file that a message can then name. Rejects at once when it fails: files do not wait in the outbox. */
  upload(id: string, file: FileToUpload, options?: UploadOptions): Promise<Attachment>;
  /** Fetches the file of an attachment, at any time. */
  attachment(id: string): Promise<Blob>;
}

interface TicketsDeps {
  readonly link: Link;
  readonly http: Http;
  readonly outbox: InnerOutbox;
  readonly uploads: Uploads;
  readonly newId: () => string;
  /** Returns false when the ticket is not followed. */
  typing(id: string, typing: boolean, internal: boolean): boolean;
}

export function createTickets({ link, http, outbox, uploads, newId, typing }: TicketsDeps): Tickets {
  const events = createEmitter<TicketsEvents>();
  /** Whether somebody listens for changes: the server sends them only to clients that asked for them. */
  let following = false;
  const follow = () => link.send('follow_tickets', {});
  link.on('up', () => {
    if (!following) return;
    follow();
    events.emit('changed', { ticketIds: [], all: true });
  });
  link.on('event', ({ name, payload }) => {
    if (name === 'ticket_unread') events.emit('unread', { ticketId: payload.ticketId, unread: payload.unread });
    if (name === 'tickets_changed') events.emit('changed', { ticketIds: payload.ticketIds, all: payload.all });
  });
  const read = async <T>(path: string, query?: object) =>
    (await http.request<T>('GET', path, { ...(query !== undefined && { query }) })).body;
  const command = <T>(id: string, kind: string, rest: Pick<Command, 'method' | 'body'> & { readonly part?: string }) =>
    outbox.enqueue<T>({
      lane: laneOf(id),
      kind,
      method: rest.method,
      path: pathOf(id) + (rest.part ?? ''),
      ...(rest.body !== undefined && { body: rest.body }),
    });

  return {
    on(name, listener) {
      if (name === 'changed' && !following) {
        following = true;
        follow();
      }
      return events.on(name, listener);
    },
    open: (ticket) =>
      outbox.enqueue({ lane: 'tickets', kind: 'open', method: 'POST', path: '/api/v1/tickets', body: ticket }),
    get: (id) => read(pathOf(id)),
    list: async (query = {}, options = {}) =>
      (await http.request<Page<Ticket>>('GET', '/api/v1/tickets', { ...options, query })).body,
    post: (id, message) => postMessage(outbox, newId(), id, message),
    read: (id, upTo) => command(id, 'read', { method: 'POST', part: '/read', body: { upTo } }),
    typing(id, yes = true, { internal = false } = {}) {
      if (!typing(id, yes, internal)) throw new DeskwireError('not_followed', `Ticket ${id} is not followed`);
    },
    messages: (id, range) => read(`${pathOf(id)}/messages`, range),
    async change(id, changes, { ifRevision } = {}) {
      // A change for one version only is sent once, not repeated from the outbox.
      if (ifRevision !== undefined) {
        return (await http.request<Ticket>('PATCH', pathOf(id), { body: changes, ifRevision })).body;
      }
      return command(id, 'change', { method: 'PATCH', body: changes });
    },
    assign: (id, userId) => command(id, 'assign', { method: 'PATCH', body: { assigneeId: userId } }),
    remove: (id) => command(id, 'remove', { method: 'DELETE' }),
    participants: async (id) =>
      (await read<{ participants: readonly Participant[] }>(`${pathOf(id)}/participants`)).participants,
    addParticipant: async (id, userId) => {
      await command(id, 'participants', { method: 'POST', part: '/participants', body: { userId } });
    },
    removeParticipant: (id, userId) =>
      command(id, 'participants', { method: 'DELETE', part: `/participants/${encodeURIComponent(userId)}` }),
    timeline: (id, range) => read(`${pathOf(id)}/events`, range),
    upload: uploads.send,
    attachment: async (id) => (await http.fetch('GET', `/api/v1/attachments/${encodeURIComponent(id)}`)).blob(),
  };
}

export function pathOf(id: string): string {
  return `/api/v1/tickets/${encodeURIComponent(id)}`;
}

export function laneOf(ticketId: string): string {
  return `ticket:${ticketId}`;
}

/** The kind of the commands that `outgoing` of a ticket shows. */
export const POST = 'post';

function postMessage(
  outbox: InnerOutbox,
  commandId: string,
  ticketId: string,
  message: string | PostMessage,
): Promise<Message> {
  const said = typeof message === 'string' ? { message } : message;
  const where = { lane: laneOf(ticketId), method: 'POST', path: `${pathOf(ticketId)}/messages` } as const;
  const body = { ...said, clientMessageId: commandId };
  return outbox.enqueue({ ...where, kind: POST, body, keepFailed: true }, commandId);
}
