/**
 * Downloads: headers that keep an uploaded file from running in a browser, ranges, conditional requests, lost files.
 */
import { connect } from 'node:net';
import type { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDiskStore } from '../../../src/attachments/disk-store.ts';
import type { AttachmentStore } from '../../../src/attachments/store.ts';
import { LIMITS } from '../../../src/contract/limits.ts';
import { temporaryFolder } from '../../support/attachments.ts';
import { until } from '../../support/until.ts';
import type { Client } from '../api/rig.ts';
import { DOCX, GIF_AND_SCRIPT, PDF, PNG, PNG_AND_PAGE } from './files.ts';
import { type FilesRig, openTicket, startFiles, upload } from './rig.ts';

const parts = new AsyncDisposableStack();
/** The contents that downloads have opened. */
const opened: Readable[] = [];
let files: FilesRig;
let driver: Client;
let ticket: string;

beforeAll(async () => {
  const disk = await createDiskStore(await temporaryFolder(parts));
  const store: AttachmentStore = {
    ...disk,
    async open(key, range) {
      const content = await disk.open(key, range);
      opened.push(content);
      return content;
    },
  };
  files = parts.use(await startFiles({ store, config: { readLimit: 400 } }));
  driver = await files.api.as('driver@example.com');
  ticket = await openTicket(driver);
});
afterAll(() => parts.disposeAsync());

async function stored(content: Buffer, name: string): Promise<string> {
  const { body } = await upload(driver, ticket, content, name);
  return body.url;
}
const get = (url: string, headers: Record<string, string> = {}) => files.api.anonymous.fetch(url, { headers });

describe('an attachment is served', () => {
  it.each([
    ['a picture to be shown', PNG, 'a.png', 'image/png', 'inline'],
    ['a picture that is a page as well', PNG_AND_PAGE, 'a.html', 'image/png', 'inline'],
    ['a picture that is a script as well', GIF_AND_SCRIPT, 'a.js', 'image/gif', 'inline'],
    ['a PDF to be kept', PDF, 'a.pdf', 'application/pdf', 'attachment'],
    ['a document to be kept', DOCX, 'a.docx', /officedocument/, 'attachment'],
    [
      'a page called text to be kept',
      Buffer.from('<script>alert(1)</script>'),
      'a.txt',
      'text/plain; charset=utf-8',
      'attachment',
    ],
  ])('as %s, and never as a page', async (_what, content, name, type, disposition) => {
    const { status, headers } = await get(await stored(content, name));
    expect(status).toBe(200);
    expect(headers.get('content-type')).toMatch(type);
    expect(headers.get('content-disposition')).toMatch(new RegExp(`^${disposition}; `));
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('content-security-policy')).toBe("default-src 'none'; sandbox; frame-ancestors 'none'");
    expect(headers.get('referrer-policy')).toBe('no-referrer');
    expect(headers.get('content-length')).toBe(String(content.length));
    expect(headers.get('cache-control')).toBe('private, no-store');
  });

  it('under its name, with any characters', async () => {
    const { headers } = await get(await stored(PNG, 'Ärger {1} (1) 100%.png'));
    expect(headers.get('content-disposition')).toBe(
      `inline; filename="_rger {1} (1) 100_.png"; filename*=UTF-8''%C3%84rger%20%7B1%7D%20%281%29%20100%25.png`,
    );
  });

  it('to pages of this origin only, unless others are configured', async () => {
    expect((await get(await stored(PNG, 'a.png'))).headers.get('cross-origin-resource-policy')).toBe('same-origin');
    await using other = await startFiles({
      config: { corsOrigins: ['https://app.example.com'] },
      baseUrl: 'https://desk.example.com',
    });
    const client = await other.api.as('driver@example.com');
    const { body } = await upload(client, await openTicket(client), PNG);
    expect(body.url).toMatch(/^https:\/\/desk\.example\.com\/api\/v1\/attachments\//);
    const { pathname, search } = new URL(body.url);
    const { headers } = await other.api.anonymous.fetch(pathname + search);

    expect(headers.get('cross-origin-resource-policy')).toBe('cross-origin');
  });

  it('in ranges when the client asks for them', async () => {
    const url = await stored(Buffer.from('0123456789'), 'a.txt');
    const part = async (range: string, headers = {}) => {
      const answer = await get(url, { range, ...headers });
      return [answer.status, answer.headers.get('content-range'), await answer.text()];
    };
    expect(await part('bytes=2-4')).toEqual([206, 'bytes 2-4/10', '234']);
    expect(await part('bytes=7-')).toEqual([206, 'bytes 7-9/10', '789']);
    expect(await part('bytes=-2')).toEqual([206, 'bytes 8-9/10', '89']);
    expect(await part('bytes=5-99')).toEqual([206, 'bytes 5-9/10', '56789']);
    expect((await part('bytes=10-')).slice(0, 2)).toEqual([416, 'bytes */10']);
    for (const whole of ['bytes=4-2', 'bytes=0-1,3-4', 'lines=1-2', 'bytes=-']) {
      expect(await part(whole)).toEqual([200, null, '0123456789']);
    }
    expect(await part('bytes=2-4', { 'if-range': '"another"' })).toEqual([200, null, '0123456789']);
  });

  it('with 304 to a client that has it, and without content for HEAD', async () => {
    const url = await stored(PNG, 'a.png');
    const etag = (await get(url)).headers.get('etag') ?? '';
    expect((await get(url, { 'if-none-match': etag })).status).toBe(304);
    const head = await files.api.anonymous.fetch(url, { method: 'HEAD' });
    expect([head.status, head.headers.get('content-length'), await head.text()]).toEqual([200, String(PNG.length), '']);
  });

  it('with an error that hides the cause when the store has lost it', async () => {
    const { body } = await upload(driver, ticket, PNG);
    await files.store.remove(`${body.id.slice(-2)}/${body.id}`);
    const answer = await files.api.anonymous.send('GET', body.url);
    expect(answer).toMatchObject({ status: 500, body: { code: 'internal' } });
    expect(JSON.stringify(answer.body)).not.toContain(files.folder);
    expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json/);
    expect(answer.headers.get('cache-control')).toBe('no-store');
  });
});

it('a download that nobody reads ends, with its connection and its open file', async () => {
  const url = await stored(Buffer.alloc(LIMITS.fileBytes, 'a line of text\n'), 'a.txt');
  const { hostname, port } = new URL(files.api.url);
  opened.length = 0;
  const sockets = [1, 2, 3].map(() => {
    const socket = connect({ host: hostname, port: Number(port) }, () =>
      socket.write(`GET ${url} HTTP/1.1\r\nhost: a\r\n\r\n`),
    );
    socket.on('error', () => undefined);
    return socket.pause();
  });
  try {
    await until(() => opened.length === 3, 'three downloads to begin');
    await until(() => opened.every(({ destroyed }) => destroyed), 'their files to be closed');
    expect(opened.some((content) => content.readableEnded)).toBe(false);
  } finally {
    for (const socket of sockets) socket.destroy();
  }
});
