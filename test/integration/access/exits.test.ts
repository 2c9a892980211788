/**
 * Whether anything gets out: internal notes, each with a file, and strangers' tickets, looked for in everything that
 * anybody of every role can get hold of. The exits are those of the route table and the dialect tables: one that is not
 * walked here fails the test.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ROLES, type Role } from '../../../src/domain/user/identity.ts';
import { CASES, type Case, type CastTicket, isDesk, sees } from '../../support/cast.ts';
import { until } from '../../support/until.ts';
import { PNG } from '../attachments/files.ts';
import { type Listener, listen } from '../gateway/rig.ts';
import { provokeTheRest } from './provoke.ts';
import { type Given, PLAIN_ROWS, TICKET_ROWS } from './socket-rows.ts';
import { type Found, type Leads, readsOf, walk } from './walk.ts';
import { CATALOG, NAMESPACES, OPEN_ROOM, PRIVATE_ROOM, startWorld, type World } from './world.ts';

/** A ticket with a note in it, and all by which either could be recognised. */
interface Plot {
  readonly wanted: Case;
  readonly ticket: CastTicket;
  readonly note: { text: string; id: string; attachmentId: string; fileName: string };
}

/** Sent when a node closes: nothing but a number of seconds. */
const NOT_PROVOKED = ['server:draining'];

let world: World;
let plots: readonly Plot[];
/** What the sockets of a role were sent, acks included. */
const acks = new Map<Role, string[]>(ROLES.map((role) => [role, []]));
const heardNames = new Set<string>();
let looks = 0;

beforeAll(async () => {
  world = await startWorld();
  plots = await Promise.all(
    CASES.map(async (wanted) => ({
      wanted,
      ticket: await world.cast.ticketFor(wanted),
      note: { text: '', id: '', attachmentId: '', fileName: '' },
    })),
  );
});
afterAll(async () => {
  const sockets = [...CATALOG.values()].reduce((sum, { requests, events }) => sum + requests.size + events.size, 0);
  const reads = readsOf(world.routes).length;
  process.stdout.write(
    `\nExits: ${reads + sockets} (${reads} reads, ${sockets} requests and events of sockets), ${looks} looks\n`,
  );
  await world?.[Symbol.asyncDispose]();
});

const isVisible = (role: Role, { wanted }: Plot) =>
  role === 'admin' || role === 'agent' || (wanted.role === role && sees(wanted));

const marksOf = ({ ticket, note }: Plot) => ({
  ofTicket: [ticket.id, ticket.secrets.description, ticket.secrets.message],
  ofNote: [ticket.secrets.note, note.text, note.id, note.attachmentId, note.fileName].filter((mark) => mark !== ''),
});

/** What nobody of this role may ever meet. */
function secretsFrom(role: Role | 'anonymous'): string[] {
  return plots.flatMap((plot) => {
    const { ofTicket, ofNote } = marksOf(plot);
    if (role === 'anonymous' || !isVisible(role, plot)) return [...ofTicket, ...ofNote];
    return isDesk(role) ? [] : ofNote;
  });
}

function expectNone(text: string, secrets: readonly string[], where: string): void {
  looks++;
  for (const secret of secrets)
    if (text.includes(secret)) expect.fail(`${where} shows ${secret}: ${text.slice(0, 2_000)}`);
}

function leadsOf(role: Role): Leads {
  const own = plots.filter(({ wanted }) => wanted.role === role);
  const tickets = own.flatMap(({ ticket }) => [ticket.id, String(ticket.number)]);
  const notes = own.map(({ note }) => note.attachmentId || 'none');
  const people = [...ROLES.map((one) => world.cast.user(one).id), world.cast.outsider.id, world.cast.colleague.id];
  const sockets = people.map((id) => `user:${id}`);
  const leads: Readonly<Record<string, readonly string[]>> = {
    ticketId: tickets,
    support_id: tickets,
    userId: people,
    name: [OPEN_ROOM, PRIVATE_ROOM],
    type: ['grn'],
    clientId: [...sockets, world.socket(role, '/').socket.id ?? ''],
  };
  return {
    params: (route, name) =>
      name === 'id' ? (route.includes('attachments') ? notes : ['cast-grn', 'others-grn']) : (leads[name] ?? []),
    query: {
      limit: ['1'],
      cursor: ['x'],
      before: ['1000'],
      after: ['0'],
      order: ['asc'],
      unread: ['true'],
      status: ['open'],
      category: ['technical'],
      priority: ['medium'],
      role: ['customer'],
      assignable: ['true'],
      active: ['true'],
      assigneeId: [world.cast.colleague.id],
      requesterId: [world.cast.outsider.id],
      ids: [tickets.slice(0, 100).join(',')],
      q: own.flatMap(({ ticket, note }) => [ticket.secrets.note, ticket.secrets.description, note.text || 'note']),
      ...{
        viewer: [world.cast.outsider.id, world.cast.colleague.id],
        expires: ['9999999999'],
        signature: ['x'],
        download: ['true'],
      },
    },
  };
}

/** Where the clock or the request shows, it is left out. Versions and ETags are compared like everything else. */
function steady({ status, text }: Found): string {
  const plain = text
    .replace(/"requestId":"[^"]*"/, '')
    .replace(/"uptime":\d+/g, '')
    .replace(/(expires|signature)=[^"&]*/g, '');
  return `${status} ${plain}`;
}

async function postNotes(): Promise<void> {
  const colleague = world.client('colleague');
  for (const { ticket, note } of plots) {
    const form = new FormData();
    note.fileName = `F-${ticket.id}.png`;
    note.text = `X-${ticket.id}`;
    form.set('file', new Blob([PNG]), note.fileName);
    const path = `/api/tickets/${ticket.id}/chat`;
    const uploaded = await colleague.fetch(`${path}/upload`, { method: 'POST', body: form });
    note.attachmentId = ((await uploaded.json()) as { id: string }).id;
    const { status, body } = await colleague.send('POST', path, {
      message: note.text,
      attachments: [note.attachmentId],
      internal: true,
    });
    expect(status).toBe(201);
    note.id = body.id;
  }
}

describe('over HTTP', () => {
  it('nothing gets out, and those who hear no notes find everything as it was before them', async () => {
    const outside = ROLES.filter((role) => !isDesk(role));
    const read = async (role: Role) => [role, await walk(world.client(role), world.routes, leadsOf(role))] as const;
    const before = new Map(await Promise.all(outside.map(read)));
    await postNotes();
    const after = new Map(await Promise.all(ROLES.map(read)));
    for (const [role, pages] of after) {
      const secrets = secretsFrom(role);
      for (const [url, { text }] of pages) expectNone(text, secrets, `${role}: GET ${url}`);
    }
    for (const [role, pages] of before) {
      for (const [url, page] of pages) {
        // The files of the notes were not there before.
        if (url.includes('attachments') || /q=X-|q=note/.test(url)) continue;
        const now = after.get(role)?.get(url);
        expect(now && steady(now), `${role}: GET ${url}`).toBe(steady(page));
      }
    }
    const shown = [...(after.get('agent')?.values() ?? [])].map(({ text }) => text).join('\n');
    for (const plot of plots.filter(({ wanted }) => wanted.role === 'agent')) {
      for (const mark of Object.values(marksOf(plot)).flat()) expect(shown).toContain(mark);
    }
    for (const [url, { text }] of await walk(world.anonymous, world.routes, leadsOf('driver'))) {
      expectNone(text, secretsFrom('anonymous'), `anonymous: GET ${url}`);
    }
  }, 120_000);

  it('no search finds a ticket by what a note says', async () => {
    for (const { wanted, ticket } of plots.filter(({ wanted }) => !isDesk(wanted.role))) {
      const { body } = await world.client(wanted.role).send('GET', `/api/v1/tickets?q=${ticket.secrets.note}`);
      expect(body.items).toEqual([]);
      looks++;
    }
  });
});

describe('over sockets', () => {
  const listeners: [Role, Listener][] = [];
  const collect = (role: Role, answer: unknown) => acks.get(role)?.push(JSON.stringify(answer));

  /** Every request that there is, of every ticket to which somebody of the role stands in some relation. */
  async function askEverything(role: Role, socketOf: (namespace: string) => Listener): Promise<void> {
    for (const { wanted, ticket } of plots.filter((plot) => plot.wanted.role === role)) {
      for (const row of TICKET_ROWS) {
        if (row.request === 'send_message') continue;
        // Leaving answers with what was asked, which is no secret to whoever asked it.
        const echoes = row.unseen === 'ok' && !sees(wanted);
        if (!echoes) collect(role, await socketOf(row.namespace).ask(row.request, row.payload(ticket.id)));
        collect(role, await socketOf(row.namespace).ask(row.request, row.payload(String(ticket.number))));
      }
      // As they were, for what is live.
      collect(role, await socketOf('/').ask('join_ticket', { ticketId: ticket.id, after: 0 }));
      collect(role, await socketOf('/').ask('subscribe', { stream: `ticket:${ticket.id}` }));
      collect(role, await socketOf('/support').ask('join-ticket', { ticketId: ticket.id, after: 0 }));
    }
    const { token: ownToken = '' } = world.client(role);
    const given: Given = { ownToken, anothersToken: 'x', anothersNotification: 'x' };
    for (const row of PLAIN_ROWS) collect(role, await socketOf(row.namespace).ask(row.request, row.payload(given)));
    collect(role, await socketOf('/').ask('subscribe', { stream: 'inbox' }));
  }

  it('nothing gets out by answers, replays, histories and inboxes, before or after', async () => {
    if (plots[0]?.note.id === '') await postNotes();
    await Promise.all(ROLES.map((role) => askEverything(role, (namespace) => world.socket(role, namespace))));
    for (const role of ROLES) for (const namespace of NAMESPACES) listeners.push([role, world.socket(role, namespace)]);
    expectNothing();
  });

  it('nothing gets out live: who hears no notes hears nothing at all of one', async () => {
    const [plot] = plots.filter(({ wanted }) => wanted.role === 'driver' && wanted.relation === 'requester');
    if (plot === undefined) throw new Error('there is no such ticket');
    using colleague = listen(world.node.url, { auth: { token: world.client('colleague').token } });
    await colleague.ask('join_ticket', { ticketId: plot.ticket.id });
    const driver = NAMESPACES.map((namespace) => world.socket('driver', namespace));
    const say = async (message: string, internal: boolean) => {
      const said = await colleague.ask('send_message', { ticketId: plot.ticket.id, message, internal });
      expect(said.success).toBe(true);
    };
    const hears = (message: string) =>
      Promise.all(driver.map((socket) => until(() => JSON.stringify(socket.heard).includes(message), message)));
    await say('before the note', false);
    await hears('before the note');
    const from = driver.map(({ heard }) => heard.length);
    await colleague.ask('typing_start', { ticketId: plot.ticket.id, internal: true });
    await say(`${plot.note.text} again`, true);
    await say('after the note', false);
    await hears('after the note');
    const heard = driver.flatMap((socket, i) => socket.heard.slice(from[i]));
    const strange = heard.filter((one) => !JSON.stringify(one.payload).includes('after the note'));
    // Counts of what was said in public come when they come.
    const rest = strange.filter(({ name }) => !['ticket_unread', 'unread-count', 'clientLeft'].includes(name));
    expect(rest.filter(({ name, payload }) => !(name === 'event' && /unread/i.test(payload.type)))).toEqual([]);
    expectNothing();
  });

  it('counts say nothing of a note', async () => {
    const [plot] = plots.filter(({ wanted }) => wanted.role === 'driver' && wanted.relation === 'requester');
    const [inbox, chat] = [world.socket('driver', '/notifications'), world.socket('driver', '/')];
    const path = `/api/tickets/${plot?.ticket.id}/chat`;
    const counts = async () => ({
      inbox: await inbox.ask('get-unread-count'),
      total: (await world.client('driver').send('GET', path)).body.pagination.total,
      unread: JSON.stringify(
        (await world.client('driver').send('GET', `/api/v1/tickets/${plot?.ticket.id}`)).body.unread,
      ),
      seqs: inbox.all('notification:new').length,
    });
    const before = await counts();
    await world.client('colleague').send('POST', path, { message: 'once more in private', internal: true });
    expect(await counts()).toEqual(before);
    expect(JSON.stringify(chat.heard)).not.toContain('once more in private');
  });

  it('every event was sent to somebody while this looked, and nothing got out by any', async () => {
    for (const one of await provokeTheRest(world)) listeners.push(['driver', one]);
    const events = [...CATALOG.values()].flatMap(({ namespace, events }) =>
      [...events.keys()].map((name) => `${namespace} ${name}`),
    );
    const missing = () => {
      for (const [, { socket, heard }] of listeners) {
        const namespace = NAMESPACES.find((one) => socket.io.opts.query === undefined && nsp(socket) === one);
        for (const { name } of heard) heardNames.add(`${namespace} ${name}`);
      }
      return events.filter((name) => !heardNames.has(name) && !NOT_PROVOKED.some((one) => name.endsWith(` ${one}`)));
    };
    await until(() => missing().length === 0, 'every event').catch(() => expect(missing()).toEqual([]));
    expectNothing();
    const desk = JSON.stringify(world.socket('agent', '/').heard);
    for (const plot of plots.filter(({ wanted }) => wanted.role === 'agent')) expect(desk).toContain(plot.note.text);
  });

  const nsp = (socket: object) => (socket as { nsp: string }).nsp;

  function expectNothing(): void {
    for (const [role, { heard, socket }] of listeners) {
      const secrets = secretsFrom(role);
      for (const { name, payload } of heard) {
        // Seed D's namespace has no notes for anybody.
        const more = nsp(socket) === '/support' ? plots.flatMap((plot) => marksOf(plot).ofNote) : [];
        expectNone(JSON.stringify(payload ?? null), [...secrets, ...more], `${role}: ${name}`);
      }
    }
    for (const [role, texts] of acks) for (const text of texts) expectNone(text, secretsFrom(role), `${role}: an ack`);
  }

  afterAll(() => {
    for (const [, { socket }] of listeners) socket.disconnect();
  });
});
