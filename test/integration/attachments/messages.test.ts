/** Messages name uploads: each upload once, by its uploader, in its ticket. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Client } from '../api/rig.ts';
import { PDF, PNG } from './files.ts';
import { type FilesRig, openTicket, post, startFiles, upload } from './rig.ts';

let files: FilesRig;
let driver: Client;
let agent: Client;
let ticket: string;

beforeAll(async () => {
  files = await startFiles();
  driver = await files.api.as('driver@example.com');
  agent = await files.api.as('agent@example.com');
  ticket = await openTicket(driver);
});
afterAll(() => files[Symbol.asyncDispose]());

const uploaded = async (client = driver, to = ticket) => (await upload(client, to, PNG)).body;
const notFound = (index: number) => ({ status: 404, body: { code: 'not_found', field: `attachments.${index}` } });

describe('a message', () => {
  it('names uploads by id or as objects, keeps their order, and then needs no text', async () => {
    const picture = await uploaded();
    const paper = (await upload(driver, ticket, PDF, 'bill.pdf')).body;
    const attachments = [paper, picture.id];
    const { status, body } = await post(driver, ticket, { messageType: 'FILE', attachments });
    expect(status).toBe(201);
    expect(body).toMatchObject({ message: '', messageType: 'FILE' });
    expect(body.attachments).toEqual([
      { id: paper.id, name: 'bill.pdf', size: PDF.length, mimeType: 'application/pdf', url: expect.any(String) },
      { id: picture.id, name: 'a.png', size: PNG.length, mimeType: 'image/png', url: expect.any(String) },
    ]);
  });

  it('shows the facts of the upload, not those that the client sends', async () => {
    const { id } = await uploaded();
    const lies = { id, name: '../x.html', size: 1, mimeType: 'text/html', url: 'javascript:alert(1)' };
    const { body } = await post(driver, ticket, { attachments: [lies] });
    expect(body.attachments[0]).toMatchObject({ id, name: 'a.png', size: PNG.length, mimeType: 'image/png' });
    expect(body.attachments[0].url).toMatch(/^\/api\/v1\/attachments\//);
  });

  it('shows its attachments to every reader, with links of their own', async () => {
    const { id } = await uploaded();
    const { body: posted } = await post(driver, ticket, { attachments: [id] });
    const read = async (client: Client) => {
      const { body } = await client.send('GET', `/api/tickets/${ticket}/chat`);
      return body.messages.find((message: { id: string }) => message.id === posted.id).attachments[0];
    };
    const [theirs, agents] = [await read(driver), await read(agent)];
    expect(theirs).toEqual(posted.attachments[0]);
    expect({ ...agents, url: '' }).toEqual({ ...theirs, url: '' });
    expect(agents.url).not.toBe(theirs.url);
    for (const { url } of [theirs, agents]) expect((await files.api.anonymous.fetch(url)).status).toBe(200);
  });

  it('cannot name an upload that does not exist, and then claims none', async () => {
    const { id } = await uploaded();
    for (const unknown of [randomUUID(), 'none', '__proto__', "' or true --"]) {
      expect(await post(driver, ticket, { attachments: [id, unknown] })).toMatchObject(notFound(1));
    }
    expect((await post(driver, ticket, { attachments: [id] })).status).toBe(201);
  });

  it('cannot name an upload of another user or of another ticket', async () => {
    const agents = await uploaded(agent);
    expect(await post(driver, ticket, { attachments: [agents] })).toMatchObject(notFound(0));
    const elsewhere = await uploaded(driver, await openTicket(driver));
    expect(await post(driver, ticket, { attachments: [elsewhere] })).toMatchObject(notFound(0));
  });

  it('cannot name an upload of another message, or one upload twice', async () => {
    const { id } = await uploaded();
    const twice = await post(driver, ticket, { attachments: [id, id] });
    expect(twice).toMatchObject({ status: 400, body: { field: 'attachments.1' } });
    const answers = await Promise.all(Array.from({ length: 5 }, () => post(driver, ticket, { attachments: [id] })));
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 404, 404, 404, 404]);
  });

  it('is the same message when it is sent again', async () => {
    const { id } = await uploaded();
    const message = { attachments: [id], clientMessageId: randomUUID() };
    const answers = await Promise.all(Array.from({ length: 4 }, () => post(driver, ticket, message)));
    const later = await post(driver, ticket, message);
    expect(new Set([...answers, later].map(({ status, body }) => `${status} ${body.id}`)).size).toBe(1);
    expect(later.body.attachments[0].id).toBe(id);
    // Other attachments in the retry change nothing.
    const other = await uploaded();
    expect((await post(driver, ticket, { ...message, attachments: [other] })).body.attachments[0].id).toBe(id);
  });

  it('that is refused releases its uploads for the next', async () => {
    const { id } = await uploaded();
    const note = { attachments: [id], internal: true };
    expect((await post(driver, ticket, note)).status).toBe(403);
    expect((await post(driver, ticket, { attachments: [id] })).status).toBe(201);
  });

  it('takes over the claims of a message that was never recorded', async () => {
    const { id } = await uploaded();
    const { rowCount } = await files.api.node.pool.query(
      "update deskwire.attachments set command_id = 'lost', claimed_at = now() - interval '2 minutes' where id = $1",
      [id],
    );
    expect(rowCount).toBe(1);
    expect((await post(driver, ticket, { attachments: [id] })).status).toBe(201);
  });

  it('cannot name an upload of yesterday, which is about to be removed', async () => {
    const { id } = await uploaded();
    await files.api.node.pool.query(
      "update deskwire.attachments set created_at = now() - interval '24 hours' where id = $1",
      [id],
    );
    expect(await post(driver, ticket, { attachments: [id] })).toMatchObject(notFound(0));
  });

  it('names ten at most', async () => {
    const ids = Array.from({ length: 11 }, () => randomUUID());
    expect(await post(driver, ticket, { attachments: ids })).toMatchObject({ status: 400 });
  });
});
