/** The API with attachments in a folder that tests can look into, and clients that upload. */
import { readdir, stat } from 'node:fs/promises';
import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { ApiConfig } from '../../../src/api/api.ts';
import { createDiskStore } from '../../../src/attachments/disk-store.ts';
import type { AttachmentStore } from '../../../src/attachments/store.ts';
import { type AttachmentOptions, temporaryFolder } from '../../support/attachments.ts';
import { type Answer, type ApiRig, type Client, startApi } from '../api/rig.ts';

export interface FilesRig extends AsyncDisposable {
  readonly api: ApiRig;
  readonly folder: string;
  readonly store: AttachmentStore;
  /** Of all files in the folder, whether they are arriving or stored. */
  sizes(): Promise<number[]>;
  records(): Promise<number>;
}

export async function startFiles(options: AttachmentOptions & { config?: Partial<ApiConfig> } = {}): Promise<FilesRig> {
  await using parts = new AsyncDisposableStack();
  const folder = await temporaryFolder(parts);
  const store = options.store ?? (await createDiskStore(folder));
  const { config = {}, ...attachments } = options;
  const api = parts.use(await startApi({ attachments: { ...attachments, store }, config }));
  const owned = parts.move();
  return {
    api,
    folder,
    store,
    async sizes() {
      const found = await readdir(folder, { recursive: true, withFileTypes: true });
      const files = found.filter((one) => one.isFile());
      return Promise.all(files.map(async (one) => (await stat(join(one.parentPath, one.name))).size));
    },
    async records() {
      const { rows } = await api.node.pool.query('select count(*)::integer as records from deskwire.attachments');
      return rows[0].records;
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

export async function openTicket(client: Client, fields: object = {}): Promise<string> {
  const { body } = await client.send('POST', '/api/v1/support', { description: 'It is broken', ...fields });
  return body.id;
}

export async function upload(client: Client, ticketId: string, content: Buffer, name = 'a.png'): Promise<Answer> {
  const form = new FormData();
  form.set('file', new Blob([Uint8Array.from(content)], { type: 'image/png' }), name);
  return send(client, ticketId, { body: form });
}

/** Whatever `fetch` takes for a body. */
export async function send(client: Client, ticketId: string, init: RequestInit): Promise<Answer> {
  const response = await client.fetch(`/api/tickets/${ticketId}/chat/upload`, { method: 'POST', ...init });
  return { status: response.status, headers: response.headers, body: await response.json() };
}

export async function post(client: Client, ticketId: string, message: object): Promise<Answer> {
  return client.send('POST', `/api/tickets/${ticketId}/chat`, { message: '', ...message });
}

/** A multipart body under a boundary of ours, with one part as given. */
export function part(headers: string, content: Buffer | string = ''): Buffer {
  return Buffer.concat([Buffer.from(`--cut\r\n${headers}\r\n\r\n`), Buffer.from(content), Buffer.from('\r\n')]);
}

export const MULTIPART = { 'content-type': 'multipart/form-data; boundary=cut' };
export const FILE_PART = 'Content-Disposition: form-data; name="file"; filename="a.txt"';
export const END = Buffer.from('--cut--\r\n');

/** An upload that is under way: the test says how it goes on. */
export interface SlowUpload {
  readonly request: ClientRequest;
  /** Resolves when the connection takes more. */
  write(chunk: Buffer): Promise<void>;
  end(): void;
  readonly answer: Promise<{ status: number | undefined; body: string }>;
}

export function beginUpload(url: string, client: Client, ticketId: string, headers: object = {}): SlowUpload {
  const { hostname, port } = new URL(url);
  const path = `/api/tickets/${ticketId}/chat/upload`;
  const authorization = `Bearer ${client.token}`;
  const outgoing = request({
    hostname,
    port,
    path,
    method: 'POST',
    headers: { authorization, ...MULTIPART, ...headers },
  });
  const answer = new Promise<IncomingMessage>((resolve, reject) => {
    outgoing.once('response', resolve);
    outgoing.once('error', reject);
  }).then(async (response) => ({ status: response.statusCode, body: await text(response) }));
  answer.catch(() => undefined); // Not every test waits for it.
  outgoing.write(`--cut\r\n${FILE_PART}\r\n\r\n`);
  return {
    request: outgoing,
    write: (chunk) =>
      new Promise((resolve, reject) => {
        outgoing.write(chunk, (error) => (error ? reject(error) : resolve()));
      }),
    end: () => void outgoing.end(Buffer.concat([Buffer.from('\r\n'), END])),
    answer,
  };
}
