/** Every role × every socket request × every relation to a ticket, against the policy of docs/protocol.md section 1. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ROLES, type Role } from '../../../src/domain/user/identity.ts';
import { CASES, type CastTicket, isDesk, sees } from '../../support/cast.ts';
import { until } from '../../support/until.ts';
import { listen } from '../gateway/rig.ts';
import { type Given, type Outcome, PLAIN_ROWS, TICKET_ROWS, type TicketRow } from './socket-rows.ts';
import { CATALOG, NAMESPACES, startWorld, type World } from './world.ts';

const NOWHERE = { id: '00000000-0000-4000-8000-000000000000', number: 999_999 };
let cells = 0;
let world: World;

beforeAll(async () => {
  world = await startWorld();
});
afterAll(async () => {
  process.stdout.write(`\nSocket access matrix: ${cells} cells\n`);
  await world?.[Symbol.asyncDispose]();
});

const nameOf = ({ namespace, request, use }: { namespace: string; request: string; use?: string }) =>
  [namespace, request, ...(use === undefined ? [] : [`(${use})`])].join(' ');

interface Answer {
  readonly success: boolean;
  readonly error?: { readonly type: string };
}

const outcomeOf = ({ success, error }: Answer) => (success ? 'ok' : error?.type);

async function ask(role: Role, { namespace, request }: TicketRow, payload: unknown, expected: Outcome, what: string) {
  const answer: Answer = await world.socket(role, namespace).ask(request, payload);
  expect(outcomeOf(answer), `${role}, ${what}: ${JSON.stringify(answer)}`).toBe(expected);
  cells++;
  return answer;
}

/** By its id, and by its number. */
const namesOf = ({ id, number }: { id: string; number: number }) => [id, String(number)] as const;

/** As if there were none: the answer holds nothing but what was asked. */
async function unseen(role: Role, row: TicketRow, ticket: CastTicket, what: string): Promise<void> {
  const nowhere = namesOf(NOWHERE);
  for (const [i, name] of namesOf(ticket).entries()) {
    const other = nowhere[i] ?? '';
    const answer = JSON.stringify(await ask(role, row, row.payload(name), row.unseen, what));
    const none = JSON.stringify(await ask(role, row, row.payload(other), row.unseen, `${what}, where there is none`));
    expect(answer.replaceAll(name, '?'), what).toBe(none.replaceAll(other, '?'));
  }
}

it('has a row for every request there is, and none for others', () => {
  const rows = [...TICKET_ROWS, ...PLAIN_ROWS].map(({ namespace, request }) => `${namespace} ${request}`);
  const requests = [...CATALOG.values()].flatMap((one) =>
    [...one.requests.keys()].map((name) => `${one.namespace} ${name}`),
  );
  expect([...new Set(rows)].toSorted()).toEqual(requests.toSorted());
});

describe('of a ticket', () => {
  let tickets: readonly CastTicket[];
  beforeAll(async () => {
    tickets = await Promise.all(CASES.map((one) => world.cast.ticketFor(one)));
  });

  it.each(TICKET_ROWS.map((row) => [nameOf(row), row] as const))('%s', async (_, row) => {
    await Promise.all(
      ROLES.map(async (role) => {
        for (const [i, wanted] of CASES.entries()) {
          const ticket = tickets[i];
          if (ticket === undefined || wanted.role !== role) continue;
          const what = wanted.relation;
          if (!sees(wanted)) await unseen(role, row, ticket, what);
          else {
            for (const name of namesOf(ticket)) {
              if (row.after !== undefined) await world.socket(role, row.namespace).ask(row.after, { ticketId: name });
              await ask(role, row, row.payload(name), row.may(role), what);
            }
          }
        }
      }),
    );
  });

  it('shows what was said to those who see it, and notes to the desk, outside /support', () => {
    for (const [i, wanted] of CASES.entries()) {
      const { secrets } = tickets[i] ?? { secrets: { description: '', message: '', note: '' } };
      for (const namespace of ['/', '/support']) {
        const heard = JSON.stringify(world.socket(wanted.role, namespace).heard);
        const what = `${wanted.role}, ${wanted.relation}, ${namespace}`;
        expect(heard.includes(secrets.message), what).toBe(sees(wanted));
        expect(heard.includes(secrets.note), what).toBe(sees(wanted) && isDesk(wanted.role) && namespace === '/');
        if (!sees(wanted)) expect(heard, what).not.toContain(secrets.description);
        cells++;
      }
    }
  });

  it('that is deleted', async () => {
    await Promise.all(
      ROLES.map(async (role) => {
        const ticket = await world.cast.ticketFor({ role, relation: 'requester' });
        await world.client('admin').send('DELETE', `/api/v1/tickets/${ticket.id}`);
        for (const row of TICKET_ROWS) await unseen(role, row, ticket, `${nameOf(row)}, deleted`);
      }),
    );
  });
});

describe('of no ticket', () => {
  it.each(PLAIN_ROWS.map((row) => [nameOf(row), row] as const))('%s', async (_, row) => {
    const anothers = { userIds: [world.cast.outsider.id], type: 'news', title: 'News', message: 'There is news' };
    await world.client('admin').send('POST', '/api/v1/notifications', anothers);
    const inbox = () => world.client('outsider').send('GET', '/api/v1/notifications');
    const before = await until(async () => {
      const { body } = await inbox();
      return body.items.length > 0 ? body : undefined;
    }, 'the news to arrive');
    for (const role of ROLES) {
      const given: Given = {
        ownToken: world.client(role).token ?? '',
        anothersToken: world.client('outsider').token ?? '',
        anothersNotification: before.items[0].id,
      };
      const answer: Answer = await world.socket(role, row.namespace).ask(row.request, row.payload(given));
      expect(outcomeOf(answer), `${role}: ${JSON.stringify(answer)}`).toBe(row.may(role));
      cells++;
    }
    expect((await inbox()).body).toEqual(before);
  });
});

it('answers nothing to whoever does not sign in, whatever they ask', async () => {
  const ticket = await world.cast.ticketFor({ role: 'driver', relation: 'requester' });
  for (const namespace of NAMESPACES) {
    using socket = listen(world.node.url + namespace, {});
    for (const row of TICKET_ROWS.filter((one) => one.namespace === namespace)) {
      socket.socket.emit(row.request, row.payload(ticket.id));
      cells++;
    }
    await until(() => socket.heard.length > 0 && !socket.socket.connected, 'the refusal');
    expect(socket.heard.map(({ name }) => name)).toEqual(['error']);
  }
});
