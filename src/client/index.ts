/**
 * `deskwire/client`: tickets, their chat and a user's inbox, kept current over any connection. It exports:
 *
 * - `createClient({url, token})`, with `connection` (state, `on('state')`), `tickets` (commands and queries by id),
 *   `ticket(id)` (a followed ticket: `state`, `on('message' | 'change' | 'typing' | 'presence')`), `inbox`,
 *   `room(name)`, `outbox` (commands that are not done yet), `request` (any other request of the API), `close`;
 * - `signIn`, `resume`: a token function from an email and password, or from a refresh token;
 * - `webStorage(localStorage)`, `memoryStorage()`: where the outbox is kept.
 *
 * A handle from `ticket(id)` or `room(name)` follows until it is closed. `state` is a new object after each change, as
 * React's `useSyncExternalStore(handle.on('change'), () => handle.state)` requires. The guide is `docs/client.md`.
 */
export type { Pace } from './backoff.ts';
export { type Client, type ClientOptions, createClient } from './client.ts';
export { DeskwireError, type ErrorCode } from './errors.ts';
export type { FollowStatus } from './follower.ts';
export type { Method, RequestOptions } from './http.ts';
export type { Inbox, InboxEvents, InboxState } from './inbox.ts';
export type { Connection, ConnectionEvents, ConnectionState } from './link.ts';
export type { Outbox, OutboxEntry, OutboxEvents, OutboxStorage, StoredCommand } from './outbox.ts';
export type { PresenceChange, TypingChange } from './presence.ts';
export type { RoomEvents, RoomHandle, RoomState } from './room.ts';
export { resume, type SignedIn, type SignInOptions, signIn } from './sign-in.ts';
export { memoryStorage, webStorage } from './storage.ts';
export type { Surroundings } from './surroundings.ts';
export type { TicketEvents, TicketHandle } from './ticket.ts';
export type { Person, TicketState } from './ticket-state.ts';
export type { MessagePage, Tickets, TicketsEvents } from './tickets.ts';
export type { TokenSource } from './tokens.ts';
export type * from './types.ts';
export type { FileToUpload, UploadOptions } from './uploads.ts';
