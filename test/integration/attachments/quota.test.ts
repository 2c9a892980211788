/**
 * The bytes that a user uploads in a day are bounded, on all nodes together, whether the uploads were kept or refused.
 */
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { LIMITS } from '../../../src/contract/limits.ts';
import type { Client } from '../api/rig.ts';
import { EXE } from './files.ts';
import { beginUpload, type FilesRig, openTicket, post, startFiles, upload } from './rig.ts';

const QUOTA = 100_000;
const HALF = Buffer.alloc(QUOTA / 2, 'a line of text\n');
const clock = { now: Date.now() };

let files: FilesRig;
let driver: Client;
let agent: Client;
let ticket: string;

beforeAll(async () => {
  files = await startFiles({ bytesPerDay: QUOTA, now: () => clock.now });
  driver = await files.api.as('driver@example.com');
  agent = await files.api.as('agent@example.com');
  ticket = await openTicket(driver);
});
afterEach(async () => {
  await files.api.node.pool.query('delete from deskwire.attachments');
  // Counts of refused uploads begin again.
  clock.now += 25 * 3_600_000;
});
afterAll(() => files[Symbol.asyncDispose]());

const send = (client: Client, content = HALF, name = 'a.txt') => upload(client, ticket, content, name);

it('refuses further uploads of a requester with the time of a retry, named by a message or not', async () => {
  const { body } = await send(driver);
  await post(driver, ticket, { attachments: [body.id] });
  expect((await send(driver)).status).toBe(201);
  const refused = await send(driver);
  expect(refused).toMatchObject({ status: 429, body: { code: 'rate_limited', retryAfter: 3_600 } });
  expect(refused.headers.get('retry-after')).toBe('3600');
  expect((await send(agent)).status).toBe(201);
});

it('lets staff upload ten times as many', async () => {
  for (let count = 0; count < 20; count += 1) expect((await send(agent)).status).toBe(201);
  expect((await send(agent)).status).toBe(429);
});

it('takes uploads again when earlier ones are a day old', async () => {
  for (let count = 0; count < 2; count += 1) expect((await send(driver)).status).toBe(201);
  expect((await send(driver)).status).toBe(429);
  await files.api.node.pool.query(`update deskwire.attachments set created_at = now() - interval '25 hours'`);
  expect((await send(driver)).status).toBe(201);
});

it('counts uploads that were refused for their kind', async () => {
  const program = Buffer.concat([EXE, Buffer.alloc(QUOTA)]);
  expect((await send(driver, program, 'a.exe')).status).toBe(415);
  expect((await send(driver)).status).toBe(429);
  expect((await send(agent)).status).toBe(201);
});

it('counts uploads that were refused for their size after they had arrived', async () => {
  const slow = beginUpload(files.api.url, driver, ticket);
  const megabyte = Buffer.alloc(1_024 * 1_024, 'a line of text\n');
  for (let sent = 0; sent <= LIMITS.fileBytes / megabyte.length; sent += 1) await slow.write(megabyte);
  slow.end();
  expect((await slow.answer).status).toBe(413);
  expect((await send(driver)).status).toBe(429);
});
