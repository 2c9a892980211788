/**
 * What each request of a socket answers to whom: one row for each request and each way to use it that the policy tells
 * apart. Written by hand from docs/protocol.md. A request without a row fails the matrix.
 */
import type { Role } from '../../../src/domain/user/identity.ts';
import { isDesk } from '../../support/cast.ts';
import { OPEN_ROOM, PRIVATE_ROOM } from './world.ts';

export type Outcome = 'ok' | 'not_found' | 'forbidden' | 'conflict';

interface Row {
  readonly namespace: string;
  readonly request: string;
  /** What distinguishes it from other rows of the request. */
  readonly use?: string;
}

/** Of a ticket. Who does not see it is answered as if there were none. */
export interface TicketRow extends Row {
  payload(ticketId: string): object;
  /** Of those who see the ticket. */
  readonly may: (role: Role) => Outcome;
  /** Of those who do not, and where there is none. */
  readonly unseen: Outcome;
  /** Asked before it, by those who see the ticket. */
  readonly after?: string;
}

/** Of no ticket. */
export interface PlainRow extends Row {
  readonly payload: (given: Given) => unknown;
  readonly may: (role: Role) => Outcome;
}

export interface Given {
  readonly ownToken: string;
  readonly anothersToken: string;
  /** Of a notification in somebody else's inbox. */
  readonly anothersNotification: string;
}

const ok = () => 'ok' as const;
const only = (who: (role: Role) => boolean) => (role: Role) => (who(role) ? 'ok' : 'forbidden');
const ticketId = (id: string) => ({ ticketId: id });
const reading = { may: ok, unseen: 'not_found' } as const;
/** Nobody learns by leaving whether there was anything to leave. */
const leaving = { may: ok, unseen: 'ok' } as const;
const typing = { may: ok, unseen: 'conflict' } as const;

export const TICKET_ROWS: readonly TicketRow[] = [
  { namespace: '/', request: 'join_ticket', payload: ticketId, ...reading },
  {
    namespace: '/',
    request: 'join_ticket',
    use: 'replaying',
    payload: (id) => ({ ticketId: id, after: 0 }),
    ...reading,
  },
  { namespace: '/', request: 'typing_start', payload: ticketId, after: 'join_ticket', ...typing },
  {
    namespace: '/',
    request: 'typing_start',
    use: 'an internal note',
    payload: (id) => ({ ticketId: id, internal: true }),
    after: 'join_ticket',
    ...typing,
  },
  { namespace: '/', request: 'typing_stop', payload: ticketId, after: 'join_ticket', ...typing },
  { namespace: '/', request: 'leave_ticket', payload: ticketId, ...leaving },
  { namespace: '/', request: 'load_history', payload: ticketId, ...reading },
  { namespace: '/', request: 'mark_ticket_read', payload: (id) => ({ ticketId: id, upTo: 1 }), ...reading },
  {
    namespace: '/',
    request: 'send_message',
    payload: (id) => ({ ticketId: id, message: 'Hello' }),
    ...reading,
  },
  {
    namespace: '/',
    request: 'send_message',
    use: 'an internal note',
    payload: (id) => ({ ticketId: id, message: 'Do not tell', internal: true }),
    may: only(isDesk),
    unseen: 'not_found',
  },
  { namespace: '/', request: 'subscribe', payload: (id) => ({ stream: `ticket:${id}` }), ...reading },
  { namespace: '/', request: 'unsubscribe', payload: (id) => ({ stream: `ticket:${id}` }), ...leaving },
  { namespace: '/support', request: 'join-ticket', payload: ticketId, ...reading },
  {
    namespace: '/support',
    request: 'join-ticket',
    use: 'replaying',
    payload: (id) => ({ ticketId: id, after: 0 }),
    ...reading,
  },
  {
    namespace: '/support',
    request: 'typing',
    payload: (id) => ({ ticketId: id, isTyping: true }),
    after: 'join-ticket',
    ...typing,
  },
  { namespace: '/support', request: 'leave-ticket', payload: ticketId, ...leaving },
];

const refreshing = (namespace: string): readonly PlainRow[] => [
  { namespace, request: 'auth:refresh', payload: ({ ownToken }) => ({ token: ownToken }), may: ok },
  {
    namespace,
    request: 'auth:refresh',
    use: 'with the token of another',
    payload: ({ anothersToken }) => ({ token: anothersToken }),
    may: () => 'forbidden',
  },
];

const room = (request: string, name: string, more: object = {}): Row & Pick<PlainRow, 'payload'> => ({
  namespace: '/',
  request,
  use: name,
  payload: () => (request.includes('subscribe') ? { stream: `room:${name}` } : { room: name, ...more }),
});
const members = only((role) => role === 'driver');

export const PLAIN_ROWS: readonly PlainRow[] = [
  ...['/', '/notifications', '/support'].flatMap(refreshing),
  {
    namespace: '/',
    request: 'message',
    payload: () => ({ text: 'to all' }),
    may: only((role) => isDesk(role) || role === 'service'),
  },
  { ...room('joinRoom', OPEN_ROOM), may: ok },
  { ...room('joinRoom', PRIVATE_ROOM), may: members },
  { ...room('joinRoom', PRIVATE_ROOM, { after: 0 }), use: 'replaying a private one', may: members },
  { ...room('roomMessage', OPEN_ROOM, { message: 'hi' }), may: ok },
  { ...room('roomMessage', PRIVATE_ROOM, { message: 'hi' }), may: members },
  { ...room('leaveRoom', OPEN_ROOM), may: ok },
  { ...room('leaveRoom', PRIVATE_ROOM), may: ok },
  { ...room('subscribe', OPEN_ROOM), may: ok },
  { ...room('subscribe', PRIVATE_ROOM), may: members },
  { ...room('unsubscribe', OPEN_ROOM), may: ok },
  { ...room('unsubscribe', PRIVATE_ROOM), may: ok },
  { namespace: '/', request: 'subscribe', use: 'inbox', payload: () => ({ stream: 'inbox' }), may: ok },
  { namespace: '/', request: 'unsubscribe', use: 'inbox', payload: () => ({ stream: 'inbox' }), may: ok },
  { namespace: '/', request: 'follow_tickets', payload: () => ({}), may: ok },
  { namespace: '/notifications', request: 'get-unread-count', payload: () => ({}), may: ok },
  {
    namespace: '/notifications',
    request: 'mark-as-read',
    use: 'another’s',
    payload: ({ anothersNotification }) => ({ notificationIds: [anothersNotification] }),
    may: ok,
  },
  { namespace: '/notifications', request: 'mark-all-as-read', payload: () => ({}), may: ok },
  { namespace: '/notifications', request: 'mark-all-as-seen', payload: () => ({}), may: ok },
];
