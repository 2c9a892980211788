/**
 * Both servers with their services and tickets. A driver opens each ticket, it is assigned to an agent, and the two
 * post to it in turn. So on Deskwire every message also notifies the other of the two.
 */
import { join } from 'node:path';
import { DEFAULT_SCHEMAS } from '../../src/projections/catalog.ts';
import { AGENTS, DRIVERS, type Person, secretTokens, startIdentityProvider, type TokenOf } from './people.ts';
import { type ServerUnderTest, startServer } from './server.ts';
import { query, startServices } from './services.ts';

export interface Desk {
  readonly ticketId: string;
  readonly driverToken: string;
  readonly agentToken: string;
}

/** The server and the tickets that the load of a side uses. */
export interface Audience {
  readonly url: string;
  readonly desks: readonly Desk[];
}

export interface Side {
  readonly server: ServerUnderTest;
  readonly desks: readonly Desk[];
  /** The number of messages that were stored since the start. */
  stored(): Promise<number>;
}

export interface Ours extends Side {
  /** The number of events by which the read models of tickets, messages and notifications are behind the log. */
  lag(): Promise<number>;
  /** Resolves when the read models have every event of the log. */
  drained(): Promise<void>;
}

export interface Sides extends AsyncDisposable {
  readonly deskwire: Ours;
  readonly peer: Side;
}

const bench = join(import.meta.dirname, '..');

export async function startSides(tickets: number): Promise<Sides> {
  await using started = new AsyncDisposableStack();
  const services = started.use(await startServices());
  const provider = started.use(await startIdentityProvider());
  const ourUrl = await services.createDatabase('bench_deskwire');
  const peerUrl = await services.createDatabase('bench_peer');
  const server = started.use(
    await startServer(join(bench, '..', 'src', 'main.ts'), {
      PORT: '0',
      DATABASE_URL: ourUrl,
      NATS_URL: services.natsUrl,
      RATE_LIMIT: 'off',
      LOG_LEVEL: 'warn',
      ...provider.settings,
    }),
  );
  const secret = 'a secret that the peer shares with its login';
  const peerServer = started.use(
    await startServer(join(bench, 'peer', 'server.mjs'), { DATABASE_URL: peerUrl, JWT_SECRET: secret }),
  );
  const desks = await desksOf(tickets, provider.tokenOf, (requester, assignee) =>
    openTicket(server.url, requester, assignee),
  );
  const peerDesks = await desksOf(tickets, secretTokens(secret), async (_requester, _assignee, n) => `${n + 1}`);
  const owned = started.move();
  return {
    deskwire: {
      server,
      desks,
      stored: () =>
        numberOf(ourUrl, `select count(*) as n from ${DEFAULT_SCHEMAS.messages}.messages where not internal`),
      lag: () =>
        numberOf(
          ourUrl,
          `select (select position from deskwire.log_head) - min(position) as n
           from deskwire.projections where name in ('tickets', 'messages', 'notifications')`,
        ),
      async drained() {
        const head = await numberOf(ourUrl, 'select position as n from deskwire.log_head');
        const token = desks[0]?.agentToken ?? '';
        while (!(await hasHandled(server.url, token, head)));
      },
    },
    peer: {
      server: peerServer,
      desks: peerDesks,
      stored: () => numberOf(peerUrl, 'select count(*) as n from messages'),
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

async function desksOf(
  tickets: number,
  tokenOf: TokenOf,
  open: (requester: SignedIn, assignee: SignedIn, n: number) => Promise<string>,
): Promise<Desk[]> {
  const drivers = await Promise.all(DRIVERS.map(async (person) => ({ person, token: await tokenOf(person) })));
  const agents = await Promise.all(AGENTS.map(async (person) => ({ person, token: await tokenOf(person) })));
  return Promise.all(
    Array.from({ length: tickets }, async (_, n) => {
      const [driver, agent] = [drivers[n % drivers.length], agents[n % agents.length]];
      if (driver === undefined || agent === undefined) throw new Error('there is nobody');
      return {
        ticketId: await open(driver, agent, n),
        driverToken: driver.token,
        agentToken: agent.token,
      };
    }),
  );
}

interface SignedIn {
  readonly person: Person;
  readonly token: string;
}

async function openTicket(url: string, requester: SignedIn, assignee: SignedIn): Promise<string> {
  const opened = await send(url, 'POST', '/api/v1/support', requester.token, { description: 'The gate is closed' });
  // The first request of a user registers them from their token. Only then can tickets be assigned to them.
  await send(url, 'GET', '/api/v1/support', assignee.token);
  await send(url, 'PATCH', `/api/v1/support/${opened.support_id}`, assignee.token, { assignee_id: assignee.person.id });
  return String(opened.id);
}

async function send(url: string, method: string, path: string, token: string, body?: object) {
  const response = await fetch(url + path, {
    method,
    headers: { authorization: `Bearer ${token}`, ...(body && { 'content-type': 'application/json' }) },
    ...(body && { body: JSON.stringify(body) }),
  });
  const answer = await response.text();
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${answer}`);
  return JSON.parse(answer) as Record<string, unknown>;
}

async function hasHandled(url: string, token: string, position: number): Promise<boolean> {
  const headers = { authorization: `Bearer ${token}`, 'deskwire-min-position': String(position) };
  return (await fetch(`${url}/api/v1/support?limit=1`, { headers })).ok;
}

async function numberOf(url: string, sql: string): Promise<number> {
  const [row] = await query<{ n: string }>(url, sql);
  return Number(row?.n);
}
