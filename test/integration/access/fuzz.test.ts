/**
 * Hostile input at every route and every request of a socket, made from their own schemas, as several roles: it is
 * answered, with an error that names the field; nothing of others is shown, nothing is recorded of what is refused, no
 * connection is lost, and memory stays as it is. Source: docs/protocol.md section 9.
 *
 * `FUZZ_SECONDS` (8 by default, of each kind) runs longer, and then with other cases each time; `FUZZ_SEED` repeats a
 * run.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import type { RouteOptions } from 'fastify';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Role } from '../../../src/domain/user/identity.ts';
import { CASES, isDesk, sees } from '../../support/cast.ts';
import { hostileText, hostileValue, isHostile, type Leads, payloadFor } from '../../support/hostile.ts';
import { CATALOG, OPEN_ROOM, PRIVATE_ROOM, startWorld, type World } from './world.ts';

const { FUZZ_SECONDS, FUZZ_SEED } = process.env;
const seconds = Number(FUZZ_SECONDS ?? 8);
const seed =
  FUZZ_SEED === undefined ? (FUZZ_SECONDS === undefined ? { seed: 20_261_120 } : {}) : { seed: Number(FUZZ_SEED) };
const ROLES: readonly Role[] = ['driver', 'vendor', 'agent', 'admin', 'service'];
/** Most that may be in memory at the end beyond what was there when all was warm. */
const MEMORY = 48 * 1024 * 1024;

let world: World;
let leads: Leads;
/** Text that nobody of a role may see. */
const secrets = new Map<Role, readonly string[]>();

beforeAll(async () => {
  world = await startWorld();
  const wanted = CASES.filter(({ role }) => ROLES.includes(role));
  const plots = await Promise.all(wanted.map(async (one) => ({ one, ticket: await world.cast.ticketFor(one) })));
  for (const role of ROLES) {
    const hidden = plots.flatMap(({ one, ticket }) => {
      const { note, description, message } = ticket.secrets;
      const seen = role === 'admin' || role === 'agent' || (one.role === role && sees(one));
      return seen ? (isDesk(role) ? [] : [note]) : [note, description, message];
    });
    secrets.set(role, hidden);
  }
  const tickets = plots.flatMap(({ ticket }) => [ticket.id, String(ticket.number)]);
  leads = {
    ticketId: tickets,
    support_id: tickets,
    room: [OPEN_ROOM, PRIVATE_ROOM],
    roomName: [OPEN_ROOM, PRIVATE_ROOM],
    name: [OPEN_ROOM, PRIVATE_ROOM],
    stream: ['inbox', `room:${OPEN_ROOM}`, ...plots.map(({ ticket }) => `ticket:${ticket.id}`)],
    // Whose account a lucky command deactivates is nobody who takes part.
    userId: [world.cast.leaver.id],
    clientId: ['user:cast-outsider', 'user:nobody'],
    type: ['grn', 'dispatch'],
    id: ['cast-grn', 'nothing'],
    eventName: ['said', 'new_message'],
    token: ['x', 'eyJhbGciOiJub25lIn0.eyJzdWIiOiIyIn0.'],
  };
});
afterAll(() => world?.[Symbol.asyncDispose]());

/** The trail of sign-ins is left out: it records refusals, too, and after the answer. */
async function lastPosition(): Promise<number> {
  const { rows } = await world.node.pool.query(
    "SELECT coalesce(max(position), 0) AS last FROM deskwire.events WHERE type <> 'AccountActivityRecorded'",
  );
  return Number(rows[0].last);
}

const isPlainObject = (value: unknown) => typeof value === 'object' && value !== null && !Array.isArray(value);

function heap(): number {
  setFlagsFromString('--expose_gc');
  runInNewContext('gc')();
  return process.memoryUsage().heapUsed;
}

function expectNoSecrets(role: Role, text: string): void {
  for (const secret of secrets.get(role) ?? []) expect(text).not.toContain(secret);
}

/** Runs cases for as long as there is time, and prints how many there were. */
async function run<T>(what: string, cases: fc.Arbitrary<T>, attempt: (one: T) => Promise<void>): Promise<void> {
  let ran = 0;
  let warm: number | undefined;
  const half = Date.now() + (seconds * 1_000) / 2;
  const property = fc.asyncProperty(cases, async (one) => {
    ran++;
    await attempt(one);
    if (warm === undefined && Date.now() > half) warm = heap();
  });
  const limits = { interruptAfterTimeLimit: seconds * 1_000, numRuns: 10_000_000, endOnFailure: true };
  await fc.assert(property, { ...limits, ...seed });
  const grown = heap() - (warm ?? 0);
  process.stdout.write(`\nFuzz of ${what}: ${ran} cases, memory ${Math.round(grown / 1024)} KiB\n`);
  expect(ran).toBeGreaterThan(20);
  if (warm !== undefined) expect(grown).toBeLessThan(MEMORY);
}

interface RestCase {
  readonly role: Role;
  readonly method: string;
  readonly url: string;
  /** What comes with other requests is not looked at. */
  readonly takesBody: boolean;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
}

function restCase(route: RouteOptions): fc.Arbitrary<RestCase> {
  const { method, url, schema } = route;
  const names = [...url.matchAll(/:(\w+)/g)].map(([, name = '']) => name);
  const params = names.map((name) =>
    fc.oneof({ weight: 3, arbitrary: fc.constantFrom(...(leads[name] ?? ['x'])) }, hostileText),
  );
  const query = payloadFor((schema?.querystring ?? { type: 'object' }) as object, leads);
  const json = payloadFor((schema?.body ?? { type: 'object' }) as object, leads).map(
    (value) => JSON.stringify(value) ?? '',
  );
  const body = fc.oneof(
    { weight: 9, arbitrary: json },
    fc.constantFrom('{', '[1', '"', '\u0000', '{"a":1}}', 'undefined'),
  );
  const extra = fc.record(
    {
      'idempotency-key': fc.constantFrom('', 'key', 'x'.repeat(500), '%00', '"'),
      'if-match': fc.constantFrom('*', '"1"', 'W/"1"', 'x', '"-1"', '"99999999999999999999"'),
      'deskwire-min-position': fc.constantFrom('0', '-1', 'x', '1e3'),
      'content-type': fc.constantFrom(
        'text/plain',
        'application/json; charset=x',
        'multipart/form-data',
        '',
        'application/xml',
      ),
    },
    { requiredKeys: [] },
  );
  const headers = fc.oneof({ weight: 3, arbitrary: fc.constant({}) }, extra);
  return fc
    .tuple(fc.constantFrom(...ROLES), fc.tuple(...params), query, headers, body)
    .map(([role, values, asked, more, text]) => ({
      role,
      method: String(method),
      takesBody: schema?.body !== undefined,
      url: `${names.reduce((path, name, i) => path.replace(`:${name}`, encoded(values[i])), url)}${queryOf(asked)}`,
      headers: { 'content-type': 'application/json', ...more },
      body: method === 'GET' ? undefined : text,
    }));
}

/** As a URL can hold it: lone surrogates it cannot, and dots alone would lead to another route. */
function encoded(value: unknown): string {
  const text = String(value).slice(0, 300).toWellFormed();
  return /^\.{0,2}$/.test(text) ? 'x' : encodeURIComponent(text);
}

function queryOf(asked: unknown): string {
  if (!isPlainObject(asked)) return '';
  const pairs = Object.entries(asked as object).map(
    ([key, value]) => `${encoded(key)}=${encoded(typeof value === 'string' ? value : JSON.stringify(value))}`,
  );
  return pairs.length === 0 ? '' : `?${pairs.join('&').slice(0, 6_000)}`;
}

it(
  'every route',
  async () => {
    // Signing out would end what the others are signed in with.
    const routes = world.routes.filter(({ url }) => !url.startsWith('/docs') && url !== '/api/v1/auth/logout');
    const cases = fc.oneof(...routes.map(restCase));
    await run(`${routes.length} routes`, cases, async ({ role, method, url, takesBody, headers, body }) => {
      const before = await lastPosition();
      const response = await world.client(role).fetch(url, { method, headers, ...(body !== undefined && { body }) });
      const text = await response.text();
      const { status } = response;
      expect(status, text).toBeLessThan(500);
      // A token stays good whatever is asked with it; links have signatures of their own.
      if (!/\/(auth|attachments)\//.test(url)) expect(status, text).not.toBe(401);
      expectNoSecrets(role, text);
      if (takesBody && isHostile(tried(body ?? ''))) expect([400, 401, 413, 415], text).toContain(status);
      if (status < 400) return;
      const problem = JSON.parse(text);
      expect(problem).toMatchObject({ status, code: expect.any(String), detail: expect.any(String) });
      expect(text).not.toMatch(/node_modules|at .*\.ts:|SELECT |deskwire\./);
      const whole = body === undefined || body === '' || !isPlainObject(tried(body));
      if (problem.code === 'invalid_payload' && !whole) expect(problem.field, text).toEqual(expect.any(String));
      expect(await lastPosition()).toBe(before);
    });
  },
  60_000 + seconds * 2_000,
);

function tried(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

interface SocketCase {
  readonly role: Role;
  readonly namespace: string;
  readonly name: string;
  readonly args: readonly unknown[];
  readonly acked: boolean;
}

it(
  'every request of every namespace',
  async () => {
    const requests = [...CATALOG.values()].flatMap(({ namespace, requests }) =>
      [...requests].map(([name, { payload }]) => ({ namespace, name, payload })),
    );
    const cases = requests.map(({ namespace, name, payload }): fc.Arbitrary<SocketCase> => {
      const fitting = payloadFor(payload as object, leads);
      const several = fc.oneof(
        { weight: 8, arbitrary: fc.tuple(fitting) },
        fc.tuple(),
        fc.tuple(fitting, hostileValue),
      );
      return fc.record({
        role: fc.constantFrom(...ROLES),
        namespace: fc.constant(namespace),
        name: fc.oneof(
          { weight: 19, arbitrary: fc.constant(name) },
          hostileText.filter((text) => !RESERVED.has(text)),
        ),
        args: several,
        // What is not a function comes as another payload.
        acked: fc.boolean(),
      });
    });
    await run(
      `${requests.length} requests of sockets`,
      fc.oneof(...cases),
      async ({ role, namespace, name, args, acked }) => {
        const socket = world.socket(role, namespace);
        const id = socket.socket.id;
        const before = await lastPosition();
        // The same again is answered after the first, in its lane.
        if (!acked) socket.socket.emit(name, ...args);
        const answer = await socket.ask(name, ...args);
        // Whatever was asked, the next one is answered.
        await socket.ask('auth:refresh', { token: 'x' });
        expect(socket.socket.id).toBe(id);
        const failed = answer.error;
        if (isHostile(args)) expect(failed?.type).toMatch(/^(invalid_payload|payload_too_large)$/);
        if (failed !== undefined) {
          expect(failed.type, JSON.stringify(failed)).not.toBe('unavailable');
          const whole = args.length === 1 && !isPlainObject(args[0]);
          if (failed.type === 'invalid_payload' && !whole)
            expect(failed.field, JSON.stringify(failed)).toEqual(expect.any(String));
          expect(await lastPosition()).toBe(before);
        }
        for (const one of ROLES) {
          for (const { namespace: place } of CATALOG.values()) {
            const { heard } = world.socket(one, place);
            expectNoSecrets(one, JSON.stringify(heard));
            heard.length = 0;
          }
        }
      },
    );
  },
  60_000 + seconds * 2_000,
);

/** Names that the client itself does not send. */
const RESERVED = new Set(['connect', 'connect_error', 'disconnect', 'disconnecting', 'newListener', 'removeListener']);
