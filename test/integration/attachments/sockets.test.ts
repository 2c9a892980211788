/** Attachments over sockets: posted, live, in history and in replays, with links of their own for each receiver. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  type Client,
  type Listener,
  type Node,
  openTicket,
  type Services,
  signIn,
  startNode,
  startServices,
} from '../gateway/rig.ts';
import { PNG } from './files.ts';

let services: Services & AsyncDisposable;
let node: Node;
let driver: Client;
let agent: Client;
let ticketId: string;

beforeAll(async () => {
  services = await startServices();
  node = await startNode(services);
  driver = await signIn(node.url, 'driver');
  agent = await signIn(node.url, 'agent');
  ticketId = (await openTicket(driver)).id;
});
afterAll(async () => {
  await node[Symbol.asyncDispose]();
  await services[Symbol.asyncDispose]();
});

async function uploaded(client: Client): Promise<{ id: string; url: string }> {
  const body = new FormData();
  body.set('file', new Blob([Uint8Array.from(PNG)]), 'a.png');
  const headers = { authorization: `Bearer ${client.token}` };
  const response = await fetch(`${node.url}/api/tickets/${ticketId}/chat/upload`, { method: 'POST', body, headers });
  return (await response.json()) as { id: string; url: string };
}

async function joined(client: Client, after?: number): Promise<Listener> {
  const listener = client.connect();
  const answer = await listener.ask('join_ticket', { ticketId, ...(after !== undefined && { after }) });
  expect(answer.success).toBe(true);
  return listener;
}
const viewerOf = (url: string) => new URL(url, node.url).searchParams.get('viewer');
const status = async (url: string) => (await fetch(new URL(url, node.url))).status;

it('a message with an attachment reaches everyone in the ticket, with a link for each', async () => {
  using requester = await joined(driver);
  using staff = await joined(agent);
  const attachment = await uploaded(driver);
  const message = { ticketId, message: '', messageType: 'IMAGE', attachments: [attachment] };
  const ack = await requester.ask('send_message', message);
  expect(ack).toMatchObject({ success: true, message: { messageType: 'IMAGE', attachments: [{ id: attachment.id }] } });
  expect(viewerOf(ack.message.attachments[0].url)).toBe('1');
  for (const [listener, viewer] of [
    [requester, '1'],
    [staff, '4'],
  ] as const) {
    const heard = await listener.first('new_message', (one) => one.message.id === ack.message.id);
    const [shown] = heard.message.attachments;
    expect(shown).toEqual({ ...attachment, url: expect.any(String) });
    expect(viewerOf(shown.url)).toBe(viewer);
    expect(await status(shown.url)).toBe(200);
    expect(listener.all('new_message').filter((one) => one.message.id === ack.message.id)).toHaveLength(1);
  }
});

it('messages with and without attachments keep their order', async () => {
  using staff = await joined(agent);
  const attachment = await uploaded(driver);
  using requester = await joined(driver);
  const before = staff.all('new_message').length;
  await Promise.all([
    requester.ask('send_message', { ticketId, message: 'first' }),
    requester.ask('send_message', { ticketId, message: 'second', attachments: [attachment.id] }),
    requester.ask('send_message', { ticketId, message: 'third' }),
  ]);
  await staff.first('new_message', (one) => one.message.message === 'third');
  const texts = staff
    .all('new_message')
    .slice(before)
    .map((one) => one.message.message);
  expect(texts).toEqual(['first', 'second', 'third']);
});

it('an internal note with an attachment reaches staff only', async () => {
  using requester = await joined(driver);
  using staff = await joined(agent);
  const attachment = await uploaded(agent);
  await staff.ask('send_message', { ticketId, message: '', attachments: [attachment.id], internal: true });
  await staff.ask('send_message', { ticketId, message: 'after the note' });
  await staff.first('new_message', (one) => one.message.attachments[0]?.id === attachment.id);
  await requester.first('new_message', (one) => one.message.message === 'after the note');
  expect(JSON.stringify(requester.heard)).not.toContain(attachment.id);
});

it('history and replays contain links for the asking user', async () => {
  using first = await joined(agent);
  // A cursor counts what its user sees: the versions of an agent are not the driver's.
  using before = await joined(driver);
  const { version } = await before.first('joined_ticket');
  const attachment = await uploaded(agent);
  await first.ask('send_message', { ticketId, message: '', attachments: [attachment.id] });

  using fresh = await joined(driver);
  const { messages } = await fresh.first('messages_history');
  expect(viewerOf(messages.at(-1).attachments[0].url)).toBe('1');

  using returned = await joined(driver, version);
  const missed = await returned.first('new_message');
  expect(viewerOf(missed.message.attachments[0].url)).toBe('1');

  await returned.ask('load_history', { ticketId, limit: 1 });
  const page = await returned.first('messages_history');
  expect(viewerOf(page.messages[0].attachments[0].url)).toBe('1');
});

it('a wrong attachment is refused as over HTTP', async () => {
  using requester = await joined(driver);
  const refused = await requester.ask('send_message', { ticketId, message: 'x', attachments: ['none'] });
  expect(refused).toMatchObject({ success: false, error: { type: 'not_found', field: 'attachments.0' } });
});
