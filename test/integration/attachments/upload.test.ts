/** Uploads over real HTTP into a real folder: accepted files, refusals, and that refusals leave nothing behind. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { LIMITS } from '../../../src/contract/limits.ts';
import { until } from '../../support/until.ts';
import type { Client } from '../api/rig.ts';
import { DOCX, EXE, GIF, HTML, JAR, PDF, PNG, PNG_AND_PAGE, SVG, ZIP } from './files.ts';
import {
  beginUpload,
  END,
  FILE_PART,
  type FilesRig,
  MULTIPART,
  openTicket,
  part,
  send,
  startFiles,
  upload,
} from './rig.ts';

let files: FilesRig;
let driver: Client;
let agent: Client;
let stranger: Client;
let ticket: string;

beforeAll(async () => {
  files = await startFiles();
  driver = await files.api.as('driver@example.com');
  agent = await files.api.as('agent@example.com');
  stranger = await files.api.as('driver2@example.com');
  ticket = await openTicket(driver);
});
afterEach(async () => {
  await files.api.node.pool.query('delete from deskwire.attachments');
});
afterAll(() => files[Symbol.asyncDispose]());

async function expectNothingNew(before: { sizes: number[]; records: number }): Promise<void> {
  await until(async () => (await files.sizes()).length === before.sizes.length, 'the folder to be as before');
  expect(await files.records()).toBe(before.records);
}
const now = async () => ({ sizes: await files.sizes(), records: await files.records() });
const textFile = (content: string | Buffer, name = 'a.txt') => upload(driver, ticket, Buffer.from(content), name);

describe('an upload', () => {
  it('answers with an attachment, whose file can be fetched at its address', async () => {
    const { status, headers, body } = await upload(driver, ticket, PNG, 'broken part.png');
    expect(status).toBe(201);
    expect(body).toEqual({
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      name: 'broken part.png',
      size: PNG.length,
      mimeType: 'image/png',
      url: expect.stringContaining(`/api/v1/attachments/${body.id}?`),
    });
    expect(headers.get('location')).toBe(`/api/v1/attachments/${body.id}`);
    const fetched = await files.api.anonymous.fetch(body.url);
    expect(Buffer.from(await fetched.arrayBuffer())).toEqual(PNG);
  });

  it('also takes the number of a ticket, and only a ticket that the user sees', async () => {
    const { body } = await driver.send('GET', `/api/v1/support/${ticket}`);
    expect((await upload(driver, String(body.support_id), PNG)).status).toBe(201);
    const before = await now();
    const refused = await upload(stranger, ticket, PNG);
    const nowhere = await upload(stranger, '00000000-0000-4000-8000-000000000000', PNG);
    expect(refused.status).toBe(404);
    expect({ ...refused.body, requestId: '' }).toEqual({ ...nowhere.body, requestId: '' });
    await expectNothingNew(before);
  });

  it('needs a token', async () => {
    expect((await upload(files.api.anonymous, ticket, PNG)).status).toBe(401);
  });

  it('is refused for a closed ticket', async () => {
    const closed = await openTicket(driver);
    await agent.send('PATCH', `/api/v1/support/${closed}`, { status: 'closed' });
    expect(await upload(driver, closed, PNG)).toMatchObject({ status: 409, body: { code: 'conflict' } });
  });

  it('may be as large as the limit, to the byte', async () => {
    const exactly = Buffer.alloc(LIMITS.fileBytes, 'x');
    expect(await textFile(exactly)).toMatchObject({ status: 201, body: { size: LIMITS.fileBytes } });
    const before = await now();
    const over = await textFile(Buffer.alloc(LIMITS.fileBytes + 1, 'x'));
    expect(over).toMatchObject({ status: 413, body: { code: 'payload_too_large', field: 'file' } });
    await expectNothingNew(before);
  });

  it('is refused before its body when its declared length is too large', async () => {
    const length = { 'content-length': 20 * 1024 * 1024 };
    const slow = beginUpload(files.api.url, driver, ticket, length);
    expect((await slow.answer).status).toBe(413);
    slow.request.destroy();
  });

  it('is refused at the limit when it never ends, and leaves nothing behind', async () => {
    const before = await now();
    const slow = beginUpload(files.api.url, driver, ticket);
    const chunk = Buffer.alloc(256 * 1024, 'x');
    let answered = false;
    void slow.answer.then(() => {
      answered = true;
    });
    for (let sent = 0; sent <= 2 * LIMITS.fileBytes && !answered; sent += chunk.length) {
      await Promise.race([slow.write(chunk).catch(() => undefined), slow.answer]);
    }
    expect((await slow.answer).status).toBe(413);
    slow.request.destroy();
    await expectNothingNew(before);
  });

  it('that the client aborts leaves nothing behind, on disk or in the table', async () => {
    const before = await now();
    const slow = beginUpload(files.api.url, driver, ticket);
    await slow.write(Buffer.alloc(3 * 1024 * 1024, 'x'));
    await until(async () => (await files.sizes()).includes(3 * 1024 * 1024), 'the upload to be arriving');
    slow.request.destroy();
    await expectNothingNew(before);
  });

  it('does not delay a server that closes, and leaves nothing behind', async () => {
    const other = await startFiles({ config: { closingGrace: 50 } });
    const client = await other.api.as('driver@example.com');
    const slow = beginUpload(other.api.url, client, await openTicket(client));
    await slow.write(Buffer.alloc(100_000, 'x'));
    await until(async () => (await other.sizes()).includes(100_000), 'the upload to be arriving');
    slow.request.on('error', () => undefined);
    await other.api.app.close();
    await until(async () => (await other.sizes()).length === 0, 'what had arrived to be removed');
    await other[Symbol.asyncDispose]();
  });

  it('leaves nothing behind when the store fails', async () => {
    const before = await files.sizes();
    const broken = { ...files.store, put: () => Promise.reject(new Error('disk full')) };
    await using other = await startFiles({ store: broken });
    const client = await other.api.as('driver@example.com');
    const id = await openTicket(client);
    expect((await upload(client, id, PNG)).status).toBe(500);
    expect(await other.records()).toBe(0);
    expect(await files.sizes()).toEqual(before);
  });
});

describe('the type of a file', () => {
  it.each([
    ['a.png', PNG, 'image/png'],
    ['a.gif', GIF, 'image/gif'],
    ['a.pdf', PDF, 'application/pdf'],
    ['a.docx', DOCX, 'application/vnd.openxmlformats-officedocument.wordprocessingml.document'],
    ['a.zip', ZIP, 'application/zip'],
    ['a.txt', Buffer.from('plain'), 'text/plain'],
    ['a.csv', Buffer.from('a;b\n1;2\n'), 'text/csv'],
    ['README', Buffer.from('Ünïcode'), 'text/plain'],
  ])('is told by its content: %s', async (name, content, mimeType) => {
    expect(await upload(driver, ticket, content, name)).toMatchObject({ status: 201, body: { mimeType } });
  });

  it.each([
    ['a page named as a picture', 'a.png', HTML],
    ['a page', 'a.html', HTML],
    ['a drawing with a script', 'a.svg', SVG],
    ['a drawing named as a picture', 'a.png', SVG],
    ['a drawing with an XML declaration', 'a.txt', Buffer.from(`<?xml version="1.0"?>${SVG}`)],
    ['a script', 'a.js', Buffer.from('alert(1)')],
    ['a program', 'a.exe', EXE],
    ['a program named as a picture', 'a.png', EXE],
    ['a Java archive named as a ZIP', 'a.zip', JAR],
    ['text that is no UTF-8', 'a.txt', Buffer.from([0x68, 0xe9, 0x6c])],
    ['text that ends in the middle of a character', 'a.txt', Buffer.from([0x68, 0xc3])],
    ['text with a U+0000', 'a.txt', Buffer.from('a\0b')],
    ['UTF-16', 'a.txt', Buffer.from('\ufeffhello', 'utf16le')],
    [
      'an installer named as a document',
      'a.pdf',
      Buffer.concat([Buffer.from('d0cf11e0a1b11ae1', 'hex'), Buffer.alloc(600)]),
    ],
  ])('keeps out %s', async (_what, name, content) => {
    const before = await now();
    const refused = await upload(driver, ticket, content, name);
    expect(refused).toMatchObject({ status: 415, body: { code: 'unsupported_media_type', field: 'file' } });
    await expectNothingNew(before);
  });

  it.each([
    'BMI, height and weight',
    'MZ is a letter pair',
    'ID3 tags',
    'GIF89a is a format',
    'OTTO says',
    'FLV or SWF',
  ])('is plain text when it merely begins like a binary file: %s', async (content) => {
    expect((await upload(driver, ticket, Buffer.from(content), 'a.txt')).body).toMatchObject({
      mimeType: 'text/plain',
    });
    expect(await upload(driver, ticket, Buffer.from(content), 'a.bmp')).toMatchObject({ status: 415 });
  });

  it('is refused when the file is empty', async () => {
    expect(await upload(driver, ticket, Buffer.alloc(0))).toMatchObject({ status: 400, body: { field: 'file' } });
  });

  it('decides the extension of its name, so that no system opens it as another type', async () => {
    expect((await upload(driver, ticket, PNG_AND_PAGE, 'nice.hta')).body.name).toBe('nice.hta.png');
    expect((await upload(driver, ticket, PNG, 'photo.JPG')).body.name).toBe('photo.JPG.png');
    expect((await upload(driver, ticket, PDF, 'bill')).body.name).toBe('bill.pdf');
  });
});

describe('the name of a file', () => {
  it.each([
    ['../../etc/passwd.txt', 'passwd.txt'],
    ['C:\\Windows\\System32\\a.txt', 'a.txt'],
    ['photo\u202Egnp.txt', 'photognp.txt'],
    ['a\u200b\u2066b.txt', 'ab.txt'],
    ['.htaccess.txt', 'htaccess.txt'],
    ['nul.txt', '_nul.txt'],
    ['a<b>:"|?*.txt', 'a_b______.txt'],
    ['Ärger 🙂.txt', 'Ärger 🙂.txt'],
  ])('%j is kept as %s', async (name, kept) => {
    // The header is written by hand: browsers and fetch would escape these characters.
    const header = `Content-Disposition: form-data; name="file"; filename="${name.replace(/["\\]/g, '\\$&')}"`;
    const body = new Uint8Array(Buffer.concat([part(header, 'x'), END]));
    expect(await send(driver, ticket, { body, headers: MULTIPART })).toMatchObject({
      status: 201,
      body: { name: kept },
    });
  });

  it.each([
    ['a control character', Buffer.from('a\u009b.txt')],
    ['nothing visible', Buffer.from('\u200b')],
    ['two lines', Buffer.from('a\u2028b.txt')],
    ['bytes that are not UTF-8', Buffer.from('caf\u00e9.txt', 'latin1')],
  ])('is refused with %s', async (_what, name) => {
    const header = Buffer.concat([Buffer.from('Content-Disposition: form-data; name="file"; filename="'), name]);
    const body = Buffer.concat([Buffer.from('--cut\r\n'), header, Buffer.from('"\r\n\r\nx\r\n'), END]);
    const before = await now();
    const refused = await send(driver, ticket, { body: new Uint8Array(body), headers: MULTIPART });
    expect(refused).toMatchObject({ status: 400, body: { code: 'invalid_payload', field: 'file' } });
    await expectNothingNew(before);
  });

  it('is UTF-8, whatever the request declares', async () => {
    const body = new Uint8Array(Buffer.concat([part(FILE_PART, 'x'), END]));
    const headers = { 'content-type': `${MULTIPART['content-type']}; charset=iso-8859-1` };
    expect(await send(driver, ticket, { body, headers })).toMatchObject({ status: 415 });
  });

  it('is cut to a length that every system accepts, with its extension kept', async () => {
    const { body } = await textFile('x', `${'ä'.repeat(500)}.txt`);
    expect(body.name).toMatch(/^ä+\.txt$/);
    expect(Buffer.byteLength(body.name)).toBeLessThanOrEqual(255);
  });
});
