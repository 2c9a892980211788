/**
 * The expected answer of each route for each kind of user: one row for each route and each use that the policy
 * distinguishes. Written by hand from docs/protocol.md. A route without a row fails the matrix.
 */

import { ROLES, type Role } from '../../../../src/domain/user/identity.ts';
import { isDesk } from '../../../support/cast.ts';

/** A route of a ticket: users who do not see it get 404; users who see it and may not do this get 403. */
export interface TicketRow {
  readonly route: string;
  /** Distinguishes the row from other rows of the route. */
  readonly use?: string;
  /** Of those who see the ticket. */
  readonly may: (role: Role) => boolean;
  readonly ok: number;
  readonly body?: object;
  /** For `:userId`: the caller, or the colleague who is on every ticket. */
  readonly userId?: 'self' | 'colleague';
  /** The answer shows the conversation, internal notes to the desk. */
  readonly shows?: 'notes';
  /** Sends a file. */
  readonly file?: true;
  /** `:id` is the file of a message that the colleague posted. */
  readonly attachment?: 'of a message' | 'of a note';
  /** Status for users who see the ticket and may not do this; 403 when absent. */
  readonly refused?: 404;
}

const anybody = () => true;
const admin = (role: Role) => role === 'admin';

const conversation = (path: string): readonly TicketRow[] => [
  { route: `GET ${path}`, may: anybody, ok: 200, shows: 'notes' },
  { route: `POST ${path}`, use: 'a message', may: anybody, ok: 201, body: { message: 'Hello' } },
  {
    route: `POST ${path}`,
    use: 'an internal note',
    may: isDesk,
    ok: 201,
    body: { message: 'Do not tell', internal: true },
  },
];

const TICKET = '/api/v1/tickets/:ticketId';
const SUPPORT = '/api/v1/support/:support_id';

export const TICKET_ROWS: readonly TicketRow[] = [
  { route: `GET ${TICKET}`, may: anybody, ok: 200 },
  { route: `PATCH ${TICKET}`, may: isDesk, ok: 200, body: { status: 'in_progress', tags: ['seen'] } },
  { route: `PATCH ${TICKET}`, use: 'assign', may: isDesk, ok: 200, body: { assigneeId: 'cast-colleague' } },
  { route: `DELETE ${TICKET}`, may: admin, ok: 204 },
  { route: `PUT ${TICKET}/assignee`, may: isDesk, ok: 200, body: { userId: 'cast-colleague' } },
  { route: `DELETE ${TICKET}/assignee`, may: isDesk, ok: 204 },
  { route: `GET ${TICKET}/participants`, may: anybody, ok: 200 },
  { route: `POST ${TICKET}/participants`, may: isDesk, ok: 201, body: { userId: 'cast-customer' } },
  { route: `DELETE ${TICKET}/participants/:userId`, use: 'another', userId: 'colleague', may: isDesk, ok: 204 },
  { route: `DELETE ${TICKET}/participants/:userId`, use: 'themselves', userId: 'self', may: anybody, ok: 204 },
  { route: `POST ${TICKET}/read`, may: anybody, ok: 200, body: { upTo: 1 } },
  { route: `GET ${TICKET}/events`, may: isDesk, ok: 200, shows: 'notes' },
  ...conversation(`${TICKET}/messages`),
  ...conversation('/api/tickets/:ticketId/chat'),
  { route: 'GET /api/tickets/:ticketId/chat/participants', may: anybody, ok: 200 },
  { route: 'POST /api/tickets/:ticketId/chat/upload', may: anybody, ok: 201, file: true },
  ...(['of a message', 'of a note'] as const).map((attachment) => ({
    route: 'GET /api/v1/attachments/:id',
    use: attachment,
    attachment,
    may: attachment === 'of a message' ? anybody : isDesk,
    ok: 200,
    refused: 404 as const,
  })),
  { route: `GET ${SUPPORT}`, may: anybody, ok: 200 },
  { route: `PATCH ${SUPPORT}`, may: isDesk, ok: 200, body: { status: 'in_progress' } },
  { route: `DELETE ${SUPPORT}`, may: admin, ok: 200 },
];

/** A route without a ticket: users who may not do this get 403, whether or not the object exists. */
export interface PlainRow {
  readonly route: string;
  readonly use?: string;
  readonly may: (role: Role) => boolean;
  readonly ok: number;
  readonly params?: Readonly<Record<string, string>>;
  readonly body?: object;
  readonly file?: true;
}

const machineOrAdmin = (role: Role) => role === 'service' || role === 'admin';
const only = (roles: readonly Role[]) => (role: Role) => roles.includes(role);
const news = { type: 'news', title: 'News', message: 'There is news' };
const registration = (role: Role) => ({ name: 'Somebody new', role });
const GRN = { type: 'grn', id: 'cast-grn' };

function relay(path: string, params: Readonly<Record<string, string>>, ok = 202, body: object = {}): PlainRow {
  return { route: `POST /websocket/${path}`, may: machineOrAdmin, ok, params, body };
}

const away = { clientId: 'user:cast-outsider' };
const gone = { clientId: 'no-such-socket' };
const open = { roomName: 'cast-open' };
const said = { eventName: 'said' };

/** Where nobody is connected. */
const RELAY_ROWS: readonly PlainRow[] = [
  relay('notify/client/:clientId', away, 202, news),
  { ...relay('notify/client/:clientId', gone, 404, news), use: 'a socket that is gone' },
  relay('notify/room/:roomName', open, 202, news),
  relay('notify/broadcast', {}, 202, news),
  relay('chat/client/:clientId', away),
  relay('chat/room/:roomName', open),
  relay('event/client/:clientId/:eventName', { ...away, ...said }),
  relay('event/room/:roomName/:eventName', { ...open, ...said }),
  relay('event/broadcast/:eventName', said),
  { ...relay('event/broadcast/:eventName', { eventName: 'new_message' }, 422), use: 'a name with a meaning' },
  relay('event/users/:eventName', said, 202, { userIds: ['cast-outsider'], data: {} }),
  relay('event/ticket/:ticketId/:eventName', { ...said, ticketId: 'no-such-ticket' }, 404),
  relay('whatsapp/status/:clientId', away),
  relay('whatsapp/message/:clientId', away),
  relay('conversation/:clientId', away),
  { route: 'GET /websocket/status', may: machineOrAdmin, ok: 200 },
  { route: 'GET /websocket/clients', may: machineOrAdmin, ok: 200 },
  { route: 'GET /websocket/clients/:clientId/status', may: machineOrAdmin, ok: 200, params: away },
  { route: 'DELETE /websocket/clients/:clientId', may: (role) => role === 'admin', ok: 202, params: away },
];

const OPERATIONS = '/api/v1/operations';
const projection = 'rooms';

function order(path: string, ok: number, body?: object): PlainRow {
  const route = path.replace(' ', ` ${OPERATIONS}/`);
  return { route, may: admin, ok, params: { projection }, ...(body !== undefined && { body }) };
}

/** Where nothing is parked and nothing is rebuilt. */
const OPERATIONS_ROWS: readonly PlainRow[] = [
  { route: `GET ${OPERATIONS}`, may: admin, ok: 200 },
  order('GET parked', 200),
  order('POST parked/retry', 202, { projection }),
  order('POST parked/skip', 409, { projection, stream: 'room.cast-open', position: 1 }),
  order('DELETE projections/:projection/rebuild', 409),
  order('POST projections/:projection/rollback', 409),
  order('POST projections/:projection/pause', 202),
  order('POST projections/:projection/resume', 202),
  order('POST projections/:projection/rebuild', 202),
];

export const PLAIN_ROWS: readonly PlainRow[] = [
  { route: 'GET /api/v1/tickets', may: anybody, ok: 200 },
  { route: 'POST /api/v1/tickets', use: 'for oneself', may: anybody, ok: 201, body: { description: 'Stuck' } },
  {
    route: 'POST /api/v1/tickets',
    use: 'for another',
    may: (role) => isDesk(role) || role === 'service',
    ok: 201,
    body: { description: 'Stuck', requesterId: 'cast-outsider' },
  },
  { route: 'GET /api/v1/support', may: anybody, ok: 200 },
  { route: 'POST /api/v1/support', use: 'for oneself', may: anybody, ok: 201, body: { description: 'Stuck' } },
  {
    route: 'POST /api/v1/support',
    use: 'for another',
    may: (role) => isDesk(role) || role === 'service',
    ok: 201,
    body: { description: 'Stuck', user_id: 'cast-outsider' },
  },
  { route: 'GET /api/v1/notifications', may: anybody, ok: 200 },
  { route: 'GET /api/v1/notifications/unread-count', may: anybody, ok: 200 },
  { route: 'POST /api/v1/notifications/read', may: anybody, ok: 200, body: { ids: ['none'] } },
  { route: 'POST /api/v1/notifications/read-all', may: anybody, ok: 200, body: {} },
  { route: 'POST /api/v1/notifications/seen', may: anybody, ok: 200, body: {} },
  {
    route: 'POST /api/v1/notifications',
    may: machineOrAdmin,
    ok: 201,
    body: { ...news, userIds: ['cast-outsider'] },
  },
  { route: 'GET /api/v1/users', may: isDesk, ok: 200 },
  { route: 'GET /api/v1/users/me', may: anybody, ok: 200 },
  { route: 'GET /api/v1/users/:userId', use: 'another', may: isDesk, ok: 200, params: { userId: 'cast-outsider' } },
  ...ROLES.map((role) => ({
    route: 'GET /api/v1/users/:userId',
    use: `the ${role}`,
    may: (viewer: Role) => viewer === role || isDesk(viewer),
    ok: 200,
    params: { userId: `cast-${role}` },
  })),
  { route: 'GET /api/v1/users/:userId', use: 'nobody', may: isDesk, ok: 404, params: { userId: 'nobody' } },
  { route: 'POST /api/v1/users', use: 'a requester', may: machineOrAdmin, ok: 201, body: registration('driver') },
  { route: 'POST /api/v1/users', use: 'staff', may: admin, ok: 201, body: registration('agent') },
  { route: 'POST /api/v1/users', use: 'an admin', may: admin, ok: 201, body: registration('admin') },
  { route: 'POST /api/v1/users', use: 'a machine', may: admin, ok: 201, body: registration('service') },
  {
    route: 'PATCH /api/v1/users/:userId',
    may: admin,
    ok: 200,
    params: { userId: 'cast-outsider' },
    body: { name: 'The outsider' },
  },
  {
    route: 'GET /api/v1/references/:type/:id',
    may: (role) => isDesk(role) || role === 'service',
    ok: 200,
    params: GRN,
  },
  {
    route: 'PUT /api/v1/references/:type/:id',
    may: machineOrAdmin,
    ok: 200,
    params: GRN,
    body: { vendorId: 'cast-vendors', verifiedBy: 'somebody' },
  },
  { route: 'GET /api/v1/rooms', may: anybody, ok: 200 },
  {
    route: 'GET /api/v1/rooms/:name',
    use: 'a private one',
    may: only(['driver', 'admin', 'service']),
    ok: 200,
    params: { name: 'cast-private' },
  },
  { route: 'GET /api/v1/rooms/:name', use: 'an open one', may: anybody, ok: 200, params: { name: 'cast-open' } },
  {
    route: 'PUT /api/v1/rooms/:name',
    may: machineOrAdmin,
    ok: 200,
    params: { name: 'cast-open' },
    body: { private: false },
  },
  { route: 'GET /api/v1/auth/sessions', may: anybody, ok: 200 },
  {
    route: 'DELETE /api/v1/auth/sessions/:sessionId',
    may: () => true,
    ok: 404,
    params: { sessionId: 'no-such-session' },
  },
  {
    route: 'POST /api/v1/auth/password',
    may: anybody,
    ok: 400,
    body: { currentPassword: 'cast-password', newPassword: 'password1234' },
  },
  { route: 'POST /api/v1/users/:userId/password-reset', may: admin, ok: 201, params: { userId: 'cast-outsider' } },
  ...RELAY_ROWS,
  ...OPERATIONS_ROWS,
];

/** Without a token. */
export const OPEN_ROUTES: readonly string[] = [
  'GET /livez',
  'GET /readyz',
  'GET /.well-known/jwks.json',
  'POST /api/v1/auth/login',
  'POST /api/v1/auth/refresh',
  'POST /api/v1/auth/logout',
  'POST /api/v1/auth/password-reset',
  'POST /api/v1/auth/password-reset/confirm',
];
