/**
 * Test the sizes of frames before and after a connection is authenticated, frames in pieces, deep nesting and binary
 * data. Decision 0051.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openWebsocket, type RawWebsocket } from '../../support/raw-websocket.ts';
import { until } from '../../support/until.ts';
import { type Client, type Node, signIn, startNode, startServices } from './rig.ts';

const SMALL = 24 * 1024;
const FULL = 4 * 1024 * 1024;
const TOO_BIG = 1009;
const POLICY = 1008;

let services: Awaited<ReturnType<typeof startServices>>;
let node: Node;
let driver: Client;

beforeAll(async () => {
  services = await startServices();
  node = await startNode(services);
  driver = await signIn(node.url, 'driver');
});

afterAll(async () => {
  await node?.[Symbol.asyncDispose]();
  await services?.[Symbol.asyncDispose]();
});

/** Engine.IO's sign of a message, which comes before each packet of Socket.IO. */
const packet = (text: string) => `4${text}`;
const hello = (namespace = '') => packet(`0${namespace}{"token":"${driver.token}"}`);
/** A packet of this many bytes that connects with a wrong token. */
const padded = (bytes: number) => `${packet('0{"token":"')}${'x'.repeat(bytes - 14)}"}`;

const has = (socket: RawWebsocket, text: string) => until(() => socket.texts.some((one) => one.includes(text)), text);
const end = (socket: RawWebsocket) => until(() => socket.closed, 'the end of the connection');

async function authenticated(): Promise<RawWebsocket> {
  const socket = await openWebsocket(node.url);
  socket.send(hello());
  await has(socket, '"connected"');
  return socket;
}

describe('a frame over websocket', () => {
  it('of 24 KiB is read before authentication, and the connection ends with a larger one', async () => {
    using fits = await openWebsocket(node.url);
    fits.send(padded(SMALL));
    await has(fits, '"unauthorized"');
    expect(fits.closed).toBeUndefined();
    using large = await openWebsocket(node.url);
    large.send(padded(SMALL + 1));
    expect(await end(large)).toBe(TOO_BIG);
  });

  it('has 24 KiB after a refused attempt, too', async () => {
    using socket = await openWebsocket(node.url);
    socket.send(packet('0{"token":"wrong"}'));
    await has(socket, '"unauthorized"');
    socket.send(padded(SMALL + 1));
    expect(await end(socket)).toBe(TOO_BIG);
  });

  it('of 2 MB is refused by its event after authentication, and the connection ends above 4 MiB', async () => {
    using socket = await authenticated();
    socket.send(packet(`27["leave_ticket",{"ticketId":"${'x'.repeat(2_000_000)}"}]`));
    await has(socket, '37[{"success":false,"error":{"type":"payload_too_large"');
    socket.send(packet('28["leave_ticket",{"ticketId":"t"}]'));
    await has(socket, '38[{"success":true');
    socket.send('x'.repeat(FULL + 1));
    expect(await end(socket)).toBe(TOO_BIG);
  });

  it('has 24 KiB again when the last namespace has ended, and 4 MiB when one is connected again', async () => {
    using socket = await authenticated();
    socket.send(hello('/notifications,'));
    await has(socket, '/notifications,["connected"');
    socket.send(packet('1'));
    socket.send(packet(`2/notifications,1["get-unread-count",{"a":"${'x'.repeat(2 * SMALL)}"}]`));
    await has(socket, '3/notifications,1[{"success":false');
    socket.send(packet('1/notifications,'));
    socket.send(hello());
    await until(() => socket.texts.filter((text) => text.includes('["connected"')).length === 3, 'the next one');
    socket.send(packet(`22["leave_ticket",{"ticketId":"${'x'.repeat(2 * SMALL)}"}]`));
    await has(socket, '32[{"success":false');
    socket.send(packet('1'));
    socket.send(padded(SMALL + 1));
    expect(await end(socket)).toBe(TOO_BIG);
  });

  it('that never ends has 24 KiB in all, in few pieces', async () => {
    using long = await openWebsocket(node.url);
    long.send('x'.repeat(SMALL - 1), { last: false });
    long.send('xx', { opcode: 0, last: false });
    expect(await end(long)).toBe(TOO_BIG);
    using pieces = await openWebsocket(node.url);
    pieces.send('4', { last: false });
    for (let at = 0; at < 200; at += 1) pieces.send('x', { opcode: 0, last: false });
    expect(await end(pieces)).toBe(POLICY);
  });

  it('in pieces that are not tiny is read', async () => {
    using socket = await openWebsocket(node.url);
    const text = hello();
    socket.send(text.slice(0, 100), { last: false });
    socket.send(text.slice(100, 200), { opcode: 0, last: false });
    socket.send(text.slice(200), { opcode: 0 });
    await has(socket, '"connected"');
  });
});

describe('a frame over polling', () => {
  /** A connection, as its client writes to it. */
  async function opened(auth?: string) {
    const path = `${node.url}/socket.io/?EIO=4&transport=polling`;
    const { sid } = JSON.parse((await (await fetch(path)).text()).slice(1)) as { sid: string };
    const at = `${path}&sid=${sid}`;
    const post = (body: string) => fetch(at, { method: 'POST', body }).then(({ status }) => status);
    const poll = () => fetch(at).then((answer) => answer.text());
    if (auth !== undefined) {
      expect(await post(auth)).toBe(200);
      let heard = '';
      while (!heard.includes('"connected"')) heard += await poll();
    }
    return { post, poll };
  }

  it('has 24 KiB before authentication', async () => {
    const fits = await opened();
    expect(await fits.post(padded(SMALL))).toBe(200);
    const large = await opened();
    expect(await large.post(padded(SMALL + 1))).toBe(413);
  });

  it('has 4 MiB after authentication', async () => {
    const one = await opened(hello());
    expect(await one.post(packet(`27["leave_ticket",{"ticketId":"${'x'.repeat(2_000_000)}"}]`))).toBe(200);
    let heard = '';
    while (!heard.includes('37[')) heard += await one.poll();
    expect(heard).toContain('"type":"payload_too_large"');
    expect(await one.post('x'.repeat(FULL + 1))).toBe(413);
  });
});

it('a connection that was authenticated over polling has frames of the full size after its upgrade', async () => {
  using socket = driver.connect('/', { transports: ['polling', 'websocket'] });
  await socket.first('connected');
  await until(() => socket.socket.io.engine.transport.name === 'websocket', 'the upgrade');
  const answer = await socket.ask('leave_ticket', { ticketId: 'x'.repeat(1_000_000) });
  expect(answer).toMatchObject({ success: false, error: { type: 'payload_too_large' } });
});

describe('nesting', () => {
  const deep = '['.repeat(10_000) + ']'.repeat(10_000);

  it('of the auth ends its namespace, before authentication and on a connection with others', async () => {
    using nobody = await openWebsocket(node.url);
    nobody.send(packet(`0{"a":${deep}}`));
    await has(nobody, '{"type":"invalid_payload","message":"auth is nested too deeply","field":"auth"}');
    using socket = await authenticated();
    socket.send(packet(`0/notifications,{"token":"${driver.token}","a":${deep}}`));
    await has(socket, '/notifications,["error",{"type":"invalid_payload"');
    const levels = '['.repeat(1_900_000);
    socket.send(packet(`0/support,{"a":${levels}`));
    await has(socket, '/support,["error",{"type":"payload_too_large"');
    socket.send(hello('/notifications,'));
    await has(socket, '/notifications,["connected"');
    socket.send(packet('29["leave_ticket",{"ticketId":"t"}]'));
    await has(socket, '39[{"success":true');
    expect(socket.closed).toBeUndefined();
  });

  it('of an event is refused', async () => {
    using socket = await authenticated();
    socket.send(packet(`27["leave_ticket",{"ticketId":${deep}}]`));
    await has(socket, '37[{"success":false,"error":{"type":"invalid_payload"');
    expect(socket.closed).toBeUndefined();
  });
});

describe.each([
  ['a list', '[1]'],
  ['a text', '"token"'],
  ['a number', '7'],
  ['null', 'null'],
  ['no JSON', '{"token"'],
])('an auth that is %s', (_what, auth) => {
  it('is refused with an error that names it, in its namespace alone', async () => {
    using socket = await authenticated();
    for (const namespace of ['/notifications', '/support']) {
      socket.send(packet(`0${namespace},${auth}`));
      await has(socket, `${namespace},["error",{"type":"invalid_payload"`);
    }
    expect(
      socket.texts.filter((text) => text.includes('"error"')).every((text) => text.includes('"field":"auth"')),
    ).toBe(true);
    socket.send(packet('27["leave_ticket",{"ticketId":"t"}]'));
    await has(socket, '37[{"success":true');
    expect(socket.closed).toBeUndefined();
  });
});

describe('binary data', () => {
  it('is refused by the name of its field, in every namespace, and the connection goes on', async () => {
    const requests: [string, string, string][] = [
      ['/', 'join_ticket', 'ticketId'],
      ['/', 'roomMessage', 'message'],
      ['/notifications', 'mark-as-read', 'notificationIds'],
      ['/support', 'join-ticket', 'ticketId'],
    ];
    for (const transports of [['websocket'], ['polling']]) {
      for (const [namespace, event, field] of requests) {
        using socket = driver.connect(namespace, { transports });
        await socket.first('connected');
        const many = Array.from({ length: 30 }, () => Buffer.from('x'));
        const answer = await socket.ask(event, { [field]: Buffer.from('x'), more: many });
        expect(answer).toMatchObject({ success: false, error: { type: 'invalid_payload', field } });
        expect(await socket.ask('auth:refresh', { token: driver.token })).toMatchObject({ success: true });
        expect(socket.all('error')).toEqual([]);
      }
    }
  });

  it('of somebody who is not authenticated ends the connection', async () => {
    using socket = await openWebsocket(node.url);
    socket.send(packet('51-["join_ticket",{"ticketId":{"_placeholder":true,"num":0}}]'));
    expect(await end(socket)).toBeDefined();
  });
});
