/**
 * Test the cursors that clients send in every dialect, and the epoch that they get. Source: docs/protocol.md section
 * 10.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
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
