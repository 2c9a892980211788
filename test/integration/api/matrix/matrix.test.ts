/** Every role × every route × every relation to a ticket, against the policy of docs/protocol.md section 1. */
import type { RouteOptions } from 'fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ROLES, type Role } from '../../../../src/domain/user/identity.ts';
import {
  CASES,
  CAST_PASSWORD,
  type Case,
  type Cast,
  type CastTicket,
  createCast,
  emailOf,
  isDesk,
  sees,
} from '../../../support/cast.ts';
import { PNG } from '../../attachments/files.ts';
import { type Answer, type ApiRig, type Client, clientOf, startApi } from '../rig.ts';
import { type Contract, contractOf } from './contract.ts';
import { OPEN_ROUTES, PLAIN_ROWS, type PlainRow, TICKET_ROWS, type TicketRow } from './rows.ts';

const NOWHERE = '00000000-0000-4000-8000-000000000000';
const routes: string[] = [];
let cells = 0;
let api: ApiRig;
let cast: Cast;
let contract: Contract;
const clients = new Map<Role, Client>();
let leaver: Client;
let colleague: Client;

beforeAll(async () => {
  api = await startApi({ onRoute });
  const { actors } = api.node;
  let number = 1_000;
  const nextTicketNumber = () => Promise.resolve(++number);
  cast = await createCast({ actors, credentials: api.auth.own?.credentials, nextTicketNumber });
  for (const role of ROLES) clients.set(role, await signedIn(emailOf(role)));
  leaver = await signedIn(emailOf('leaver'));
  colleague = await signedIn(emailOf('colleague'));
  const rooms = { 'cast-open': { private: false }, 'cast-private': { private: true, members: ['cast-driver'] } };
  for (const [name, body] of Object.entries(rooms)) await as('admin').send('PUT', `/api/v1/rooms/${name}`, body);
  const said = { message: 'hello' };
  const context = { commandId: 'say', by: cast.outsider, correlationId: 'x' };
  await actors.execute('room', 'cast-open', { type: 'PostRoomMessage', ...said, clientId: 'c' }, context);
  contract = contractOf((await api.anonymous.send('GET', '/docs/openapi.json')).body);
});
afterAll(async () => {
  process.stdout.write(`\nREST access matrix: ${cells} cells, ${routes.length} routes\n`);
  await api[Symbol.asyncDispose]();
});

function onRoute({ method, url }: RouteOptions): void {
  const ours = method !== 'HEAD' && method !== 'OPTIONS' && url !== '/docs' && !url.startsWith('/docs/');
  if (ours) routes.push(`${method} ${url}`);
}

async function signedIn(email: string): Promise<Client> {
  const { body } = await api.anonymous.send('POST', '/api/v1/auth/login', { email, password: CAST_PASSWORD });
  return clientOf(api.url, body.access_token);
}

function as(role: Role): Client {
  const client = clients.get(role);
  if (client === undefined) throw new Error(`nobody is signed in as ${role}`);
  return client;
}

type Params = Readonly<Record<string, string>>;

async function ask(client: Client, { route, file, ...row }: TicketRow | PlainRow, params: Params): Promise<Answer> {
  const [method = '', path = ''] = route.split(' ');
  const url = path.replace(/:(\w+)/g, (_, name) => encodeURIComponent(params[name] ?? NOWHERE));
  const body = file ? fileForm() : row.body && JSON.stringify(row.body);
  const response = await client.fetch(url, {
    method,
    ...(body !== undefined && { body }),
    ...(row.body !== undefined && { headers: { 'content-type': 'application/json' } }),
  });
  const text = await response.text();
  const json = response.headers.get('content-type')?.includes('json');
  const { status, headers } = response;
  const answer = { status, headers, body: json ? JSON.parse(text) : text || undefined };
  contract(route, answer);
  cells++;
  return answer;
}

function fileForm(): FormData {
  const form = new FormData();
  form.set('file', new Blob([PNG]), 'a.png');
  return form;
}

function askOfTicket(row: TicketRow, role: Role, ticketId: string, attachmentId = NOWHERE): Promise<Answer> {
  const userId = row.userId === 'colleague' ? cast.colleague.id : cast.user(role).id;
  return ask(as(role), row, { ticketId, support_id: ticketId, userId, id: attachmentId });
}

/** Posts a message or note with a file as the colleague, and returns the id of the file. */
async function attachmentIn({ id: ticketId }: CastTicket, { attachment }: TicketRow): Promise<string | undefined> {
  if (attachment === undefined) return undefined;
  const path = `/api/tickets/${ticketId}/chat`;
  const uploaded = await colleague.fetch(`${path}/upload`, { method: 'POST', body: fileForm() });
  const { id } = (await uploaded.json()) as { id: string };
  const posted = await colleague.send('POST', path, {
    message: '',
    attachments: [id],
    internal: attachment === 'of a note',
  });
  expect(posted.status).toBe(201);
  return id;
}

/** The refusal without the values that differ for each request. */
const saidBy = ({ body }: Answer) => ({ ...body, requestId: '' });
const nameOf = (row: { route: string; use?: string }) =>
  row.use === undefined ? row.route : `${row.route}, ${row.use}`;
const changes = (row: TicketRow) => !row.route.startsWith('GET ');

describe('the matrix', () => {
  it('has a row for every route, and no other rows', () => {
    const rows = [...TICKET_ROWS, ...PLAIN_ROWS].map((row) => row.route);
    expect([...new Set([...rows, ...OPEN_ROUTES])].sort()).toEqual([...new Set(routes)].sort());
  });
});

describe('of a ticket', () => {
  const shared = new Map<Case, Promise<CastTicket>>();
  /** Reads share a ticket; every command gets a ticket of its own. */
  function ticketFor(row: TicketRow, wanted: Case): Promise<CastTicket> {
    if (changes(row)) return cast.ticketFor(wanted);
    const ticket = shared.get(wanted) ?? cast.ticketFor(wanted);
    shared.set(wanted, ticket);
    return ticket;
  }

  it.each(TICKET_ROWS.map((row) => [nameOf(row), row] as const))('%s', async (_name, row) => {
    for (const wanted of CASES) {
      const what = `${wanted.role}, ${wanted.relation}`;
      const ticket = await ticketFor(row, wanted);
      const attachment = await attachmentIn(ticket, row);
      for (const name of changes(row) ? [ticket.id] : [ticket.id, String(ticket.number)]) {
        const answer = await askOfTicket(row, wanted.role, name, attachment);
        const expected = sees(wanted) ? (row.may(wanted.role) ? row.ok : (row.refused ?? 403)) : 404;
        expect(answer.status, what).toBe(expected);
        const text = JSON.stringify(answer.body ?? '');
        if (expected >= 400)
          for (const secret of Object.values(ticket.secrets)) expect(text, what).not.toContain(secret);
        if (!isDesk(wanted.role)) expect(text, what).not.toContain(ticket.secrets.note);
        else if (expected === row.ok && row.shows === 'notes') expect(text, what).toContain(ticket.secrets.note);
        if (expected !== 404) continue;
        expect(saidBy(answer), what).toEqual(saidBy(await askOfTicket(row, wanted.role, NOWHERE)));
      }
    }
  });

  it.each(TICKET_ROWS.map((row) => [nameOf(row), row] as const))('that is deleted: %s', async (_name, row) => {
    const ticket = await cast.ticketFor({ role: 'driver', relation: 'requester' });
    const attachment = await attachmentIn(ticket, row);
    await as('admin').send('DELETE', `/api/v1/tickets/${ticket.id}`);
    for (const role of ROLES) {
      for (const name of [ticket.id, String(ticket.number)]) {
        const answer = await askOfTicket(row, role, name, attachment);
        const audit = row.route.endsWith('/events') && role === 'admin';
        expect(answer.status, role).toBe(audit ? 200 : 404);
        if (!audit) expect(saidBy(answer), role).toEqual(saidBy(await askOfTicket(row, role, NOWHERE)));
      }
    }
  });

  it.each(['/api/v1/tickets', '/api/v1/support'])('in the list %s', async (path) => {
    const tickets = await Promise.all(CASES.map(async (one) => ({ ...one, ticket: await cast.ticketFor(one) })));
    for (const role of ROLES) {
      const listed = await everything(as(role), path);
      for (const { ticket, ...one } of tickets) {
        const visible = role === 'admin' || role === 'agent' || (one.role === role && sees(one));
        expect(listed.includes(ticket.id), `${role} lists ${one.role}, ${one.relation}`).toBe(visible);
        expect(listed.includes(ticket.secrets.description)).toBe(visible);
        expect(listed.includes(ticket.secrets.note)).toBe(false);
        cells++;
      }
    }
  });
});

/** Every page of a list, as text. */
async function everything(client: Client, path: string): Promise<string> {
  let text = '';
  let cursor: string | null = '';
  while (cursor !== null) {
    const { body }: Answer = await client.send('GET', `${path}?limit=100${cursor && `&cursor=${cursor}`}`);
    text += JSON.stringify(body);
    cursor = body.nextCursor;
  }
  return text;
}

describe('without a ticket', () => {
  it.each(PLAIN_ROWS.map((row) => [nameOf(row), row] as const))('%s', async (_name, row) => {
    for (const role of ROLES) {
      const answer = await ask(as(role), row, row.params ?? {});
      expect(answer.status, role).toBe(row.may(role) ? row.ok : 403);
    }
  });

  it('lists private rooms to their members, and to those who configure them', async () => {
    for (const role of ROLES) {
      const listed = await everything(as(role), '/api/v1/rooms');
      expect(listed.includes('cast-open'), role).toBe(true);
      expect(listed.includes('cast-private'), role).toBe(['driver', 'admin', 'service'].includes(role));
      cells++;
    }
  });
});

describe('without a valid token', () => {
  const rows = [...TICKET_ROWS, ...PLAIN_ROWS];

  it('every route refuses, without showing whether anything exists', async () => {
    const ticket = await cast.ticketFor({ role: 'driver', relation: 'requester' });
    const answers = new Set<string>();
    for (const row of rows) {
      for (const ticketId of [ticket.id, NOWHERE]) {
        const answer = await ask(api.anonymous, row, { ticketId, support_id: ticketId });
        expect(answer.status, nameOf(row)).toBe(401);
        answers.add(JSON.stringify(saidBy(answer)));
      }
    }
    expect(answers.size).toBe(1);
  });

  it('every route refuses a deactivated user, and their old token after reactivation', async () => {
    const ticket = await cast.ticketFor({ role: 'driver', relation: 'requester' });
    const path = `/api/v1/users/${cast.leaver.id}`;
    expect((await leaver.send('GET', '/api/v1/users/me')).status).toBe(200);
    expect((await as('admin').send('PATCH', path, { active: false })).status).toBe(200);
    for (const row of rows) {
      const answer = await ask(leaver, row, { ticketId: ticket.id, support_id: ticket.id });
      expect(answer.status, nameOf(row)).toBe(401);
    }
    expect((await as('admin').send('PATCH', path, { active: true })).status).toBe(200);
    expect((await leaver.send('GET', '/api/v1/users/me')).status).toBe(401);
    expect((await (await signedIn(emailOf('leaver'))).send('GET', '/api/v1/users/me')).status).toBe(200);
  });
});
