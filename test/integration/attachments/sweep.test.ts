/**
 * The sweep removes unused uploads after a day and files of deleted tickets after a week, from table and store, and
 * nothing else, also with several nodes.
 */
import { readdir, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Attachments } from '../../../src/attachments/attachments.ts';
import { startAttachments } from '../../support/attachments.ts';
import type { Client } from '../api/rig.ts';
import { PNG } from './files.ts';
import { type FilesRig, openTicket, post, startFiles, upload } from './rig.ts';

const parts = new AsyncDisposableStack();
let files: FilesRig;
let attachments: Attachments;
let otherNode: Attachments;
let driver: Client;
let ticket: string;

beforeAll(async () => {
  files = parts.use(await startFiles());
  const { pool } = files.api.node;
  attachments = await startAttachments(pool, parts, { store: files.store });
  otherNode = await startAttachments(pool, parts, { store: files.store });
  driver = await files.api.as('driver@example.com');
  ticket = await openTicket(driver);
});
afterAll(() => parts.disposeAsync());

const uploaded = async () => (await upload(driver, ticket, PNG)).body;
const age = (hours: number) =>
  files.api.node.pool.query(
    `update deskwire.attachments set created_at = created_at - make_interval(hours => $1),
      claimed_at = claimed_at - make_interval(hours => $1)`,
    [hours],
  );
const status = async (url: string) => (await files.api.anonymous.fetch(url)).status;

it('an upload that no message names is removed after a day, with its file', async () => {
  const unused = await uploaded();
  const used = await uploaded();
  await post(driver, ticket, { attachments: [used.id] });
  await age(24);
  await attachments.sweep();
  expect(await status(unused.url)).toBe(200);
  await age(2);
  await attachments.sweep();
  expect([await status(unused.url), await status(used.url)]).toEqual([404, 200]);
  expect([await files.records(), (await files.sizes()).length]).toEqual([1, 1]);
  await age(1_000);
  await attachments.sweep();
  expect(await status(used.url)).toBe(200);
});

it('a claim without a recorded message does not keep an upload', async () => {
  const { id, url } = await uploaded();
  const uploader = { id: '1', name: 'john_driver', role: 'driver', active: true } as const;
  await attachments.claim({ ticketId: ticket, uploader, commandId: 'never recorded', ids: [id] });
  await age(26);
  await attachments.sweep();
  expect(await status(url)).toBe(404);
});

it('attachments of messages that are posted during a sweep stay', async () => {
  const all = await Promise.all(Array.from({ length: 5 }, uploaded));
  const unused = all.pop();
  await age(23);
  const [, , ...posted] = await Promise.all([
    attachments.sweep(),
    otherNode.sweep(),
    ...all.map(({ id }) => post(driver, ticket, { attachments: [id] })),
  ]);
  expect(posted.map((answer) => answer.status)).toEqual(all.map(() => 201));
  await age(5);
  await Promise.all([attachments.sweep(), otherNode.sweep(), attachments.sweep()]);
  for (const { url } of all) expect(await status(url)).toBe(200);
  expect(await status(unused.url)).toBe(404);
});

it('a file whose removal fails is removed by the next sweep', async () => {
  const { id } = await uploaded();
  await age(26);
  const broken = { ...files.store, remove: () => Promise.reject(new Error('away')) };
  const failing = await startAttachments(files.api.node.pool, parts, { store: broken });
  await expect(failing.sweep()).rejects.toThrow('away');
  expect(await attachments.find(id)).toBeDefined();
  await attachments.sweep();
  expect(await attachments.find(id)).toBeUndefined();
});

it('a partial upload of a killed process is removed after a day', async () => {
  const [old, recent] = ['old', 'recent'].map((name) => join(files.store.incoming, name));
  if (old === undefined || recent === undefined) throw new Error('no paths');
  await writeFile(old, 'half');
  await writeFile(recent, 'half');
  const yesterday = new Date(Date.now() - 25 * 3_600_000);
  await utimes(old, yesterday, yesterday);
  await attachments.sweep();
  expect(await readdir(files.store.incoming)).toEqual(['recent']);
});

it('the files of a deleted ticket are removed after a week, and those of other tickets are not', async () => {
  const admin = await files.api.as('admin@example.com');
  const doomed = await openTicket(driver);
  const inDoomed = (await upload(driver, doomed, PNG)).body;
  const unnamed = (await upload(driver, doomed, PNG)).body;
  const kept = await uploaded();
  await post(driver, doomed, { attachments: [inDoomed.id] });
  await post(driver, ticket, { attachments: [kept.id] });
  expect((await admin.send('DELETE', `/api/v1/support/${doomed}`)).status).toBeLessThan(300);
  const deletedBefore = (days: number) =>
    files.api.node.pool.query(
      `update deskwire.events set time = now() - make_interval(days => $1) where type = 'TicketDeleted'`,
      [days],
    );
  const found = async () => {
    const all = await Promise.all([inDoomed, unnamed, kept].map(({ id }) => attachments.find(id)));
    return all.map((record) => record !== undefined);
  };
  const stored = async () => (await files.sizes()).length;
  const before = await stored();
  await deletedBefore(6);
  await attachments.sweep();
  expect([await found(), await stored()]).toEqual([[true, true, true], before]);
  await deletedBefore(8);
  await Promise.all([attachments.sweep(), otherNode.sweep()]);
  expect([await found(), await stored()]).toEqual([[false, false, true], before - 2]);
  expect(await status(kept.url)).toBe(200);
});
