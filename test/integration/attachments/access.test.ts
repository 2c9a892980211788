/**
 * Access to attachments: every user tries every link that any user received, for a public message and for an internal
 * note. Also tests links after their viewer lost access.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { until } from '../../support/until.ts';
import type { Client } from '../api/rig.ts';
import { PNG } from './files.ts';
import { type FilesRig, openTicket, post, startFiles, upload } from './rig.ts';

const STAFF = ['admin', 'agent', 'ops', 'accounts'] as const;
const INSIDERS = [...STAFF, 'driver', 'vendor'] as const;
const OUTSIDERS = ['driver2', 'service'] as const;
const EVERYONE = [...INSIDERS, ...OUTSIDERS] as const;

let files: FilesRig;
let shift = 0;
const clients = new Map<string, Client>();
const as = (name: string) => clients.get(name) ?? files.api.anonymous;
/** A driver's ticket about an invoice, with a GRN of the vendor that ops verified, so that all these users see it. */
let ticket: string;

beforeAll(async () => {
  files = await startFiles({ now: () => Date.now() + shift });
  for (const name of EVERYONE) clients.set(name, await files.api.as(`${name}@example.com`));
});
beforeEach(async () => {
  shift = 0;
  ticket = await openTicket(as('driver'), { category: 'invoice' });
  // Seed A's tickets have no GRN; the author of a message becomes a participant.
  for (const name of ['vendor', 'ops']) await join(name);
});
afterAll(() => files[Symbol.asyncDispose]());

async function join(name: string): Promise<void> {
  const user = await files.api.node.directory.user(name === 'vendor' ? '5' : '6');
  const admin = await files.api.node.directory.user('2');
  if (user === undefined || admin === undefined) throw new Error('the demo users are missing');
  const context = { commandId: `add ${name} ${ticket}`, by: admin, correlationId: 'test' };
  await files.api.node.actors.execute('ticket', ticket, { type: 'AddParticipant', user }, context);
}

async function attached(by: string, internal: boolean): Promise<{ id: string; url: string }> {
  const { body } = await upload(as(by), ticket, PNG);
  const { body: message } = await post(as(by), ticket, { attachments: [body.id], internal });
  return message.attachments[0];
}

/** The link that this user gets in the chat; undefined when the message is hidden from them. */
async function linkOf(name: string, id: string): Promise<string | undefined> {
  const { body } = await as(name).send('GET', `/api/tickets/${ticket}/chat`);
  const all: { id: string; url: string }[] = (body.messages ?? []).flatMap(
    (message: { attachments: [] }) => message.attachments,
  );
  return all.find((one) => one.id === id)?.url;
}
const status = async (client: Client, path: string) => (await client.fetch(path)).status;
const bare = (id: string) => `/api/v1/attachments/${id}`;

describe('an attachment of a public message', () => {
  it('is readable for users who see the ticket, with a token or their own link, and for nobody else', async () => {
    const { id } = await attached('driver', false);
    for (const name of EVERYONE) {
      const sees = INSIDERS.some((insider) => insider === name);
      expect([name, await status(as(name), bare(id))]).toEqual([name, sees ? 200 : 404]);
      const link = await linkOf(name, id);
      expect([name, link !== undefined]).toEqual([name, sees]);
      if (link !== undefined) expect(await status(files.api.anonymous, link)).toBe(200);
    }
    expect(await status(files.api.anonymous, bare(id))).toBe(401);
  });
});

describe('an attachment of an internal note', () => {
  it('is readable for staff who see the ticket, and for nobody else', async () => {
    const { id } = await attached('agent', true);
    for (const name of EVERYONE) {
      const sees = STAFF.some((staff) => staff === name);
      expect([name, await status(as(name), bare(id))]).toEqual([name, sees ? 200 : 404]);
      expect([name, (await linkOf(name, id)) !== undefined]).toEqual([name, sees]);
    }
  });

  it('cannot be fetched with any link that a requester received, even if they alter it', async () => {
    const shown = await attached('driver', false);
    const note = await attached('agent', true);
    for (const name of ['driver', 'vendor']) {
      const link = await linkOf(name, shown.id);
      if (link === undefined) throw new Error('no link');
      expect(await status(files.api.anonymous, link.replace(shown.id, note.id))).toBe(401);
      expect(await status(as(name), link.replace(shown.id, note.id))).toBe(401);
      // A staff member's link is valid for that viewer only; with another viewer its signature is wrong.
      const own = new URL(note.url, files.api.url).searchParams.get('viewer');
      const theirs = new URL(link, files.api.url).searchParams.get('viewer');
      expect(await status(files.api.anonymous, note.url.replace(`viewer=${own}`, `viewer=${theirs}`))).toBe(401);
    }
  });

  it('stays internal when a user names it in a public message', async () => {
    const { body } = await upload(as('agent'), ticket, PNG);
    const message = { attachments: [body.id], clientMessageId: 'note-1' };
    await post(as('agent'), ticket, { ...message, internal: true });
    await post(as('agent'), ticket, { ...message, internal: false });
    expect((await post(as('agent'), ticket, { attachments: [body.id] })).status).toBe(404);
    expect(await status(as('driver'), bare(body.id))).toBe(404);
  });
});

describe('an upload that no message names', () => {
  it('is readable for its uploader only', async () => {
    const { body } = await upload(as('driver'), ticket, PNG);
    for (const name of EVERYONE) expect(await status(as(name), bare(body.id))).toBe(name === 'driver' ? 200 : 404);
  });
});

describe('a link', () => {
  it('is invalid when a single character of it is changed', async () => {
    const { url } = await attached('driver', false);
    const { searchParams } = new URL(url, files.api.url);
    for (const [name, value] of searchParams) {
      for (const changed of [`${value}1`, value.slice(1), value.slice(0, -2), '']) {
        const tampered = new URL(url, files.api.url);
        tampered.searchParams.set(name, changed);
        const refused = await status(files.api.anonymous, tampered.pathname + tampered.search);
        expect([400, 401]).toContain(refused);
      }
      const without = new URL(url, files.api.url);
      without.searchParams.delete(name);
      expect([400, 401]).toContain(await status(files.api.anonymous, without.pathname + without.search));
    }
  });

  it('does not show whether the attachment exists', async () => {
    const { id, url } = await attached('driver', false);
    const other = url.replace(id, '00000000-0000-4000-8000-000000000000');
    const forged = url.replace(/signature=.*/, 'signature=AAAA');
    const answers = await Promise.all([other, forged].map((path) => files.api.anonymous.send('GET', path)));
    expect(answers.map(({ status, body }) => [status, body.code, body.detail])).toEqual(
      answers.map(() => [401, 'unauthorized', 'This link is not valid']),
    );
  });

  it('is valid for ten to fifteen minutes', async () => {
    const { url } = await attached('driver', false);
    shift = 10 * 60_000 - 5_000;
    expect(await status(files.api.anonymous, url)).toBe(200);
    shift = 15 * 60_000;
    expect(await files.api.anonymous.send('GET', url)).toMatchObject({ status: 401, body: { code: 'token_expired' } });
    const fresh = await linkOf('driver', url.split('/')[4]?.slice(0, 36) ?? '');
    expect(await status(files.api.anonymous, fresh ?? '')).toBe(200);
  });

  it('stays the same for a while, so that browser caches work', async () => {
    const { id } = await attached('driver', false);
    shift = 300_000 - (Date.now() % 300_000) + 1_000;
    const first = await linkOf('driver', id);
    shift += 200_000;
    expect(await linkOf('driver', id)).toBe(first);
    shift += 200_000;
    expect(await linkOf('driver', id)).not.toBe(first);
  });

  it('ends when its viewer leaves the ticket', async () => {
    const { id } = await attached('driver', false);
    const link = (await linkOf('vendor', id)) ?? '';
    expect(await status(files.api.anonymous, link)).toBe(200);
    const vendor = await files.api.node.directory.user('5');
    if (vendor === undefined) throw new Error('no vendor');
    await files.api.node.actors.execute(
      'ticket',
      ticket,
      { type: 'RemoveParticipant', userId: '5' },
      { commandId: 'leave', by: vendor, correlationId: 'test' },
    );
    expect(await status(files.api.anonymous, link)).toBe(404);
  });

  it('ends when its viewer loses their role, or their account', async () => {
    const note = await attached('agent', true);
    const link = (await linkOf('accounts', note.id)) ?? '';
    expect(await status(files.api.anonymous, link)).toBe(200);
    const admin = await files.api.node.directory.user('2');
    if (admin === undefined) throw new Error('no admin');
    const change = (changes: { role?: 'driver' | 'accounts'; active?: boolean }, commandId: string) =>
      files.api.node.actors.execute(
        'user',
        '7',
        { type: 'ChangeUser', ...changes },
        { commandId, by: admin, correlationId: 'test' },
      );
    await change({ role: 'driver' }, 'demote');
    await until(async () => (await status(files.api.anonymous, link)) === 404, 'the demotion to count');
    await change({ role: 'accounts' }, 'promote');
    await until(async () => (await status(files.api.anonymous, link)) === 200, 'the promotion to count');
    await change({ active: false }, 'deactivate');
    await until(async () => (await status(files.api.anonymous, link)) === 401, 'the deactivation to count');
    await change({ active: true }, 'activate');
    await until(async () => (await status(files.api.anonymous, link)) === 200, 'the activation to count');
  });

  it('ends with the ticket', async () => {
    const { id, url } = await attached('driver', false);
    const admins = (await linkOf('admin', id)) ?? '';
    await as('admin').send('DELETE', `/api/v1/support/${ticket}`);
    for (const link of [url, admins]) expect(await status(files.api.anonymous, link)).toBe(404);
    expect(await status(as('admin'), bare(id))).toBe(404);
  });
});
