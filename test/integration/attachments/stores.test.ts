/** A folder and a bucket behave alike. The configured store is used, or the start fails. */
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { access, chmod, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { finished } from 'node:stream/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AttachmentLost, type AttachmentStore } from '../../../src/attachments/store.ts';
import { freePort } from '../../../src/embedded/free-port.ts';
import { openAttachmentStore } from '../../../src/runtime/attachment-store.ts';
import { readConfig } from '../../../src/runtime/config.ts';
import { temporaryFolder } from '../../support/attachments.ts';
import { startS3, type TestS3 } from '../../support/s3.ts';
import { PNG } from './files.ts';
import { openTicket, post, startFiles, upload } from './rig.ts';

const parts = new AsyncDisposableStack();
const stores = new Map<string, AttachmentStore>();
let folder: string;
let s3: TestS3;

beforeAll(async () => {
  s3 = parts.use(await startS3());
  folder = join(await temporaryFolder(parts), 'made', 'by us');
  for (const [name, settings] of [
    ['folder', { ATTACHMENTS_DIR: folder }],
    ['bucket', s3.settings],
  ] as const) {
    const store = await openAttachmentStore(readConfig(settings));
    parts.defer(() => store.close());
    stores.set(name, store);
  }
});
afterAll(() => parts.disposeAsync());

function storeCalled(name: string): AttachmentStore {
  const store = stores.get(name);
  if (store === undefined) throw new Error(`there is no ${name}`);
  return store;
}

describe.each(['folder', 'bucket'])('a %s', (name) => {
  async function stored(content: Buffer): Promise<string> {
    const store = storeCalled(name);
    const key = `ab/${randomUUID()}`;
    const path = join(store.incoming, randomUUID());
    await writeFile(path, content);
    await store.put({ key, size: content.length, mimeType: 'image/png' }, path);
    await rm(path, { force: true });
    return key;
  }

  it('returns a stored file, whole or in part', async () => {
    const content = Buffer.alloc(2_000_000, PNG);
    const key = await stored(content);
    expect(content.equals(await buffer(await storeCalled(name).open(key)))).toBe(true);
    const part = await buffer(await storeCalled(name).open(key, { start: 10, end: 19 }));
    expect(part).toEqual(content.subarray(10, 20));
  });

  it('removes a file, also twice', async () => {
    const key = await stored(PNG);
    await storeCalled(name).remove(key);
    await storeCalled(name).remove(key);
    await expect(storeCalled(name).open(key)).rejects.toBeInstanceOf(AttachmentLost);
  });

  it('allows a reader to stop in the middle', async () => {
    const stream = await storeCalled(name).open(await stored(Buffer.alloc(5_000_000)));
    await once(stream, 'readable');
    stream.destroy();
    await finished(stream, { writable: false }).catch(() => undefined);
    expect(stream.destroyed).toBe(true);
  });

  it('serves an attachment from upload to link', async () => {
    await using files = await startFiles({ store: storeCalled(name) });
    const driver = await files.api.as('driver@example.com');
    const ticket = await openTicket(driver);
    const { status, body } = await upload(driver, ticket, PNG, 'photo.png');
    expect(status).toBe(201);
    const { body: message } = await post(driver, ticket, { messageType: 'IMAGE', attachments: [body] });
    const fetched = await files.api.anonymous.fetch(message.attachments[0].url);
    expect(fetched.headers.get('content-type')).toBe('image/png');
    expect(Buffer.from(await fetched.arrayBuffer())).toEqual(PNG);
    const part = await files.api.anonymous.fetch(body.url, { headers: { range: 'bytes=1-3' } });
    expect(await part.text()).toBe('PNG');
    // Nothing stays in the folder of incoming uploads.
    expect(await readdir(storeCalled(name).incoming)).toEqual([]);
  });
});

it('an outage of the bucket is reported as unavailable, and leaves no upload behind', async ({ skip }) => {
  if (!s3.controlled) skip('this S3 server is not ours to stop');
  await using files = await startFiles({ store: storeCalled('bucket') });
  const driver = await files.api.as('driver@example.com');
  const ticket = await openTicket(driver);
  const before = await upload(driver, ticket, PNG);
  await s3.stop();
  const refused = await upload(driver, ticket, PNG);
  expect(refused).toMatchObject({ status: 503, body: { code: 'unavailable' } });
  expect(refused.headers.get('retry-after')).not.toBeNull();
  expect((await files.api.anonymous.send('GET', before.body.url)).status).toBe(503);
  expect(await readdir(storeCalled('bucket').incoming)).toEqual([]);
  await s3.start();
  expect((await upload(driver, ticket, PNG)).status).toBe(201);
  expect((await files.api.anonymous.fetch(before.body.url)).status).toBe(200);
});

describe('a start is refused, with the setting to check, for', () => {
  const refusal = async (settings: Record<string, string>) => {
    const error: unknown = await openAttachmentStore(readConfig(settings)).catch((reason: unknown) => reason);
    return error instanceof Error ? `${error.name}: ${error.message}` : 'it started';
  };

  it('a bucket that does not exist', async () => {
    expect(await refusal({ ...s3.settings, S3_BUCKET: 'elsewhere' })).toMatch(
      /StartFailure: the bucket elsewhere cannot be used \(.*404, no such bucket\): check S3_BUCKET, .* and the keys/,
    );
  });

  it('an access key that is not known', async () => {
    expect(await refusal({ ...s3.settings, S3_ACCESS_KEY_ID: 'nobody' })).toMatch(/StartFailure: .*403, not allowed/);
  });

  it('a secret that is wrong', async ({ skip }) => {
    if (s3.controlled) skip('s3rver does not check signatures');
    expect(await refusal({ ...s3.settings, S3_SECRET_ACCESS_KEY: 'wrong' })).toMatch(
      /StartFailure: .*403, not allowed/,
    );
  });

  it('a server that does not answer', async () => {
    const endpoint = `http://127.0.0.1:${await freePort()}`;
    expect(await refusal({ ...s3.settings, S3_ENDPOINT: endpoint })).toContain('ECONNREFUSED');
  });

  it('a folder that cannot be created', async () => {
    const file = join(dirname(folder), 'a file');
    await writeFile(file, '');
    expect(await refusal({ ATTACHMENTS_DIR: join(file, 'attachments') })).toMatch(
      /StartFailure: .*set ATTACHMENTS_DIR/,
    );
  });

  it.skipIf(process.getuid?.() === 0)('a folder that cannot be written', async () => {
    const closed = join(dirname(folder), 'closed');
    await mkdir(closed);
    await chmod(closed, 0o500);
    expect(await refusal({ ATTACHMENTS_DIR: closed })).toMatch(/StartFailure: .*set ATTACHMENTS_DIR/);
  });
});

it('attachments are under DATA_DIR by default', async () => {
  const dataDir = await temporaryFolder(parts);
  const store = await openAttachmentStore(readConfig({ DATA_DIR: dataDir }));
  await access(join(dataDir, 'attachments', 'incoming'));
  await store.close();
});
