/**
 * Test the cursors that clients send in every dialect, and the epoch that they get. Source: docs/protocol.md section
 * 10.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openWebsocket } from '../../support/raw-websocket.ts';
import { until } from '../../support/until.ts';
import { type Client, type Node, openTicket, post, signIn, startNode, startServices } from './rig.ts';

let services: Awaited<ReturnType<typeof startServices>>;
let node: Node;
let driver: Client;
let ticketId: string;

beforeAll(async () => {
  services = await startServices();
  node = await startNode(services);
  driver = await signIn(node.url, 'driver');
  ({ id: ticketId } = await openTicket(driver));
  await post(driver, ticketId, 'said');
});

afterAll(async () => {
  await node?.[Symbol.asyncDispose]();
  await services?.[Symbol.asyncDispose]();
});

it.each(['/', '/notifications', '/support'])('%s tells the epoch when a client connects', async (namespace) => {
  using socket = driver.connect(namespace);
  expect((await socket.first('connected')).epoch).toBe((await node.reader.head()).epoch);
});

const cursors: [string, string, object, string][] = [
  ['/', 'join_ticket', { ticketId: '' }, 'after'],
  ['/', 'load_history', { ticketId: '' }, 'before'],
  ['/', 'mark_ticket_read', { ticketId: '' }, 'upTo'],
  ['/', 'joinRoom', { room: 'a' }, 'after'],
  ['/', 'subscribe', { stream: 'inbox' }, 'after'],
  ['/', 'subscribe', { stream: 'room:a' }, 'after'],
  ['/support', 'join-ticket', { ticketId: '' }, 'after'],
  ['/notifications', 'mark-all-as-read', {}, 'upToSeq'],
  ['/notifications', 'mark-all-as-seen', {}, 'upToSeq'],
];

describe.each(cursors)('in %s, %s %j', (namespace, event, payload, field) => {
  it(`refuses ${field} that is no whole number ≥ 0`, async () => {
    using socket = driver.connect(namespace);
    const at = 'ticketId' in payload ? { ...payload, ticketId } : payload;
    const values = ['x', '-1', '1.5', '', -1, 1.5, 1e308, null, {}, [1], true];
    // The pages of history name their cursor as text.
    for (const value of field === 'before' ? values : [...values, '2']) {
      const answer = await socket.ask(event, { ...at, [field]: value });
      expect([value, answer.success, answer.error?.type, answer.error?.field]).toEqual([
        value,
        false,
        'invalid_payload',
        field,
      ]);
    }
  });
});

describe.each([['websocket'], ['polling']])('in the handshake of /notifications over %s', (transport) => {
  const wrong = ['2', '', 'x', 'NaN', '-1', -1, 1.5, 1e308, 2 ** 60, null, [], [1], {}, true];

  it.each(['lastSeq', 'epoch'])('refuses a wrong %s with one error, and sends nothing else', async (field) => {
    for (const value of field === 'epoch' ? [1, null, [], {}, '', true] : wrong) {
      const auth = { token: driver.token, [field]: value };
      using socket = driver.connect('/notifications', { auth, transports: [transport], reconnection: false });
      await until(() => socket.heard.length > 0 && !socket.socket.connected, `the end for ${JSON.stringify(value)}`);
      expect(socket.heard).toEqual([
        { name: 'error', payload: { type: 'invalid_payload', message: expect.any(String), field } },
      ]);
    }
  });

  it('refuses numbers that a double does not hold', async () => {
    for (const number of ['1.0000000000000000001', '9007199254740993', '1e400', '-1e400']) {
      using socket = await openWebsocket(node.url);
      socket.send(`40/notifications,{"token":"${driver.token}","lastSeq":${number}}`);
      await until(() => socket.texts.some((text) => text.includes('"field":"lastSeq"')), `the refusal of ${number}`);
    }
  });
});

it.each(['x', 'NaN', '-1', '1.5', '', '1e3', '9007199254740993', '0x1', 'null', '%5B1%5D'])(
  'over HTTP, %s as a cursor is refused, naming it',
  async (value) => {
    for (const field of ['after', 'before']) {
      const { status, body } = await driver.send('GET', `/api/tickets/${ticketId}/chat?${field}=${value}`);
      expect([field, status, body.code, body.field]).toEqual([field, 400, 'invalid_payload', field]);
    }
  },
);

it.each([
  ['/', 'join_ticket', 'after', () => `{"ticketId":"${ticketId}","after":NUMBER}`],
  ['/', 'roomMessage', 'message.id', () => '{"room":"a","message":{"id":NUMBER}}'],
  ['/', 'subscribe', 'after', () => '{"stream":"inbox","after":NUMBER}'],
  ['/notifications', 'mark-all-as-read', 'upToSeq', () => '{"upToSeq":NUMBER}'],
  ['/support', 'join-ticket', 'after', () => `{"ticketId":"${ticketId}","after":NUMBER}`],
])('in %s, %s takes no number that a double does not hold as %s', async (namespace, event, field, payload) => {
  using socket = await openWebsocket(node.url);
  const at = namespace === '/' ? '' : `${namespace},`;
  socket.send(`40${at}{"token":"${driver.token}"}`);
  await until(() => socket.texts.some((text) => text.includes('"connected"')), 'the greeting');
  for (const [id, number] of ['1.0000000000000000001', '9007199254740993', '1e400'].entries()) {
    socket.send(`42${at}${id}["${event}",${payload().replace('NUMBER', number)}]`);
    const answer = await until(() => socket.texts.find((text) => text.startsWith(`43${at}${id}[`)), 'the answer');
    expect(answer).toContain('"type":"invalid_payload"');
    expect(answer).toContain(`"field":"${field}"`);
  }
});

const joins: [string, string, () => object][] = [
  ['/', 'join_ticket', () => ({ ticketId })],
  ['/', 'joinRoom', () => ({ room: 'a' })],
  ['/', 'subscribe', () => ({ stream: `ticket:${ticketId}` })],
  ['/', 'subscribe', () => ({ stream: 'room:a' })],
  ['/', 'subscribe', () => ({ stream: 'inbox' })],
  ['/support', 'join-ticket', () => ({ ticketId })],
];

describe.each(joins)('in %s, %s', (namespace, event, payload) => {
  it.each([1_000, 2 ** 31, Number.MAX_SAFE_INTEGER])('with %d as the last version does not recover', async (after) => {
    using socket = driver.connect(namespace);
    const { epoch } = await socket.first('connected');
    for (const known of [{}, { epoch }]) {
      const answer = await socket.ask(event, { ...payload(), after, ...known });
      expect(answer).toMatchObject({ success: true, recovered: false });
    }
  });

  it('takes the epoch of the greeting, and that of a subscription', async () => {
    using socket = driver.connect(namespace);
    const { epoch } = await socket.first('connected');
    for (const known of [epoch, `${epoch}.public`]) {
      expect(await socket.ask(event, { ...payload(), after: 0, epoch: known })).toMatchObject({ recovered: true });
    }
    const other = '7d0b2f0e-0000-4000-8000-000000000000';
    expect(await socket.ask(event, { ...payload(), after: 0, epoch: other })).toMatchObject({ recovered: false });
  });
});
