/** Limits of uploads: malformed bodies, uploads in flight, unused uploads, memory. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { LIMITS } from '../../../src/contract/limits.ts';
import { until } from '../../support/until.ts';
import type { Client } from '../api/rig.ts';
import { PNG } from './files.ts';
import {
  beginUpload,
  END,
  FILE_PART,
  type FilesRig,
  MULTIPART,
  openTicket,
  part,
  post,
  type SlowUpload,
  send,
  startFiles,
  upload,
} from './rig.ts';

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
afterEach(async () => {
  await files.api.node.pool.query('delete from deskwire.attachments');
});
afterAll(() => files[Symbol.asyncDispose]());

const textFile = (content: string | Buffer) => upload(driver, ticket, Buffer.from(content), 'a.txt');

describe('a body that is not one file', () => {
  it.each([
    ['no multipart', { body: '{}', headers: { 'content-type': 'application/json' } }, 415, 'Content-Type'],
    ['no boundary', { body: 'x', headers: { 'content-type': 'multipart/form-data' } }, 400, 'body'],
    ['nothing in it', { body: new Uint8Array(END), headers: MULTIPART }, 400, 'file'],
    [
      'a text for a file',
      { body: form('Content-Disposition: form-data; name="file"'), headers: MULTIPART },
      400,
      'file',
    ],
    ['another field', { body: form('Content-Disposition: form-data; name="note"'), headers: MULTIPART }, 400, 'note'],
    ['a prototype key', { body: form(FILE_PART.replace('"file"', '"__proto__"')), headers: MULTIPART }, 400, 'body'],
    ['another file', { body: form(FILE_PART.replace('"file"', '"other"')), headers: MULTIPART }, 400, 'other'],
    ['two files', { body: form(FILE_PART, FILE_PART), headers: MULTIPART }, 400, 'file'],
    [
      'a file and a field',
      { body: form(FILE_PART, 'Content-Disposition: form-data; name="note"'), headers: MULTIPART },
      400,
      'note',
    ],
    ['no end', { body: new Uint8Array(part(FILE_PART, 'x')), headers: MULTIPART }, 400, undefined],
  ])('with %s is refused', async (_what, init, status, field) => {
    const before = await files.sizes();
    const refused = await send(driver, ticket, init);
    expect(refused.status).toBe(status);
    if (field !== undefined) expect(refused.body.field).toBe(field);
    await until(async () => (await files.sizes()).length === before.length, 'the folder to be as before');
    expect(await files.records()).toBe(0);
  });
});

function form(...headers: string[]): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Buffer.concat([...headers.map((one) => part(one, 'x')), END]));
}

describe('one user', () => {
  it('uploads five files at once to a process, and another when one is done', async () => {
    const before = (await files.sizes()).length;
    const slow: SlowUpload[] = [];
    for (let count = 0; count < 5; count += 1) slow.push(beginUpload(files.api.url, driver, ticket));
    for (const one of slow) await one.write(Buffer.from('x'));
    await until(async () => (await files.sizes()).length === before + 5, 'five uploads to begin');
    const refused = await upload(driver, ticket, PNG);
    expect(refused).toMatchObject({ status: 429, body: { code: 'rate_limited' } });
    expect(refused.headers.get('retry-after')).not.toBeNull();
    expect((await upload(agent, ticket, PNG)).status).toBe(201);
    for (const one of slow) one.end();
    for (const one of slow) expect((await one.answer).status).toBe(201);
    expect((await upload(driver, ticket, PNG)).status).toBe(201);
  });

  it('keeps fifty uploads that no message names, and not one more', async () => {
    for (let count = 0; count < 50; count += 1) expect((await textFile('x')).status).toBe(201);
    expect((await textFile('x')).status).toBe(429);
    const { rows } = await files.api.node.pool.query('select id from deskwire.attachments limit 1');
    await post(driver, ticket, { attachments: [rows[0].id] });
    expect((await textFile('x')).status).toBe(201);
  });
});

it('does not hold uploads in memory, however many arrive at once', async () => {
  const { api } = files;
  const clients = [driver, agent, await api.as('admin@example.com'), await api.as('admin2@example.com')];
  const chunk = Buffer.alloc(1024 * 1024, 'x');
  // What a first upload needs once for all (code, buffers) is there before it is counted.
  await textFile(Buffer.alloc(LIMITS.fileBytes, 'x'));
  const before = memory();
  const uploads = clients.flatMap((client) => Array.from({ length: 5 }, () => beginUpload(api.url, client, ticket)));
  for (let sent = 0; sent < 9; sent += 1) await Promise.all(uploads.map((one) => one.write(chunk)));
  // Each open upload has sent nine megabytes: 180 MB if they were held in memory.
  await until(
    async () => (await files.sizes()).filter((size) => size === 9 * chunk.length).length === uploads.length,
    'all uploads to have arrived but for their end',
  );
  // The memory of a collected buffer is freed a little later.
  await until(() => memory() - before < 60 * 1024 * 1024, 'less than 60 MB to be held');
  for (const one of uploads) one.end();
  for (const one of uploads) expect((await one.answer).status).toBe(201);
});

/** Bytes in use, after a garbage collection. */
function memory(): number {
  setFlagsFromString('--expose-gc');
  runInNewContext('gc')();
  const { arrayBuffers, heapUsed } = process.memoryUsage();
  return arrayBuffers + heapUsed;
}
