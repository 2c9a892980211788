/** Test that signing keys rotate and are withdrawn while several nodes run. Source: docs/decisions/0075. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Auth } from '../../../src/auth/auth.ts';
import { listSigningKeys, rotateSigningKey, withdrawSigningKey } from '../../../src/auth/keys.ts';
import { DEMO_PASSWORD, seedDemo } from '../../../src/runtime/demo.ts';
import { until } from '../../support/until.ts';
import { type Node, startAuth, startNode } from './rig.ts';

const browser = { address: '127.0.0.1', userAgent: 'test' };
const driver = { email: 'driver@example.com', password: DEMO_PASSWORD, address: '127.0.0.1' };

let node: Node;
let one: Auth;
let two: Auth;

beforeAll(async () => {
  node = await startNode();
  one = await startAuth(node, { pollEvery: 50 });
  // Learns of nothing by itself, only through tokens and questions.
  two = await startAuth(node, { pollEvery: 100_000_000 });
  await seedDemo({ actors: node.actors, credentials: one.own?.credentials });
});

afterAll(async () => {
  await one?.close();
  await two?.close();
  await node?.[Symbol.asyncDispose]();
});

const signIn = (by: Auth) => {
  if (by.own === undefined) throw new Error('no sign-in of our own');
  return by.own.login.login(driver);
};
const authenticate = async (token: string, by: Auth) => by.authenticate(token);
const kidOf = (token: string): string => JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString()).kid;
const kidsOf = (by: Auth) => by.own?.jwks.keys.map(({ kid }) => kid) ?? [];

it('signs with the new key after a rotation, and accepts tokens of the old one', async () => {
  const before = await signIn(one);
  const kid = await rotateSigningKey(node.pool);
  await until(() => kidsOf(one).includes(kid), 'the new key to be read');
  const after = await signIn(one);
  expect(kidOf(after.accessToken)).toBe(kid);
  expect(kidOf(before.accessToken)).not.toBe(kid);
  await expect(authenticate(before.accessToken, one)).resolves.toMatchObject({ user: { id: '1' } });
  await expect(authenticate(before.accessToken, two)).resolves.toMatchObject({ user: { id: '1' } });
  // A node that has not read the keys yet reads them for the token.
  await expect(authenticate(after.accessToken, two)).resolves.toMatchObject({ user: { id: '1' } });
  expect(kidsOf(two)).toEqual(kidsOf(one));
  const listed = await listSigningKeys(node.pool);
  expect(listed.map(({ state }) => state)).toEqual(['verifies', 'signs']);
});

it('has one key that signs after rotations at the same time', async () => {
  await Promise.allSettled(Array.from({ length: 4 }, () => rotateSigningKey(node.pool)));
  const listed = await listSigningKeys(node.pool);
  expect(listed.filter(({ state }) => state === 'signs')).toHaveLength(1);
});

it('forgets a retired key when the last of its tokens has expired', async () => {
  await node.pool.query(
    "update deskwire.signing_keys set retired_at = now() - interval '62 minutes' where retired_at is not null",
  );
  expect(await listSigningKeys(node.pool)).toHaveLength(1);
  await until(() => kidsOf(one).length === 1, 'the retired keys to end');
  await rotateSigningKey(node.pool);
  const { rows } = await node.pool.query('select from deskwire.signing_keys');
  expect(rows).toHaveLength(2);
});

it('ends tokens, refreshes and sessions of a withdrawn key, and no others', async () => {
  await until(async () => kidsOf(one).length === (await listSigningKeys(node.pool)).length, 'the keys to be read');
  const stolen = await signIn(one);
  const kid = kidOf(stolen.accessToken);
  await expect(authenticate(stolen.accessToken, one)).resolves.toBeDefined();
  let removals = 0;
  one.onKeyRemoved(() => {
    removals += 1;
  });
  const withdrawn = await withdrawSigningKey(node.pool, kid);
  expect(withdrawn?.sessions).toBeGreaterThan(0);
  expect(await withdrawSigningKey(node.pool, kid)).toBeUndefined();
  await until(() => !kidsOf(one).includes(kid), 'the key to end');
  expect(removals).toBe(1);
  await expect(authenticate(stolen.accessToken, one)).rejects.toMatchObject({ code: 'unauthorized' });
  await expect(one.own?.login.refresh(stolen.refreshToken, browser)).rejects.toMatchObject({ code: 'unauthorized' });
  await expect(two.own?.login.refresh(stolen.refreshToken, browser)).rejects.toMatchObject({ code: 'unauthorized' });
  const again = await signIn(one);
  expect(kidOf(again.accessToken)).not.toBe(kid);
  await expect(authenticate(again.accessToken, one)).resolves.toMatchObject({ user: { id: '1' } });
});

it('asks the database once for many tokens of invented keys', async () => {
  const watched = await startAuth(node, { pollEvery: 100_000_000 });
  const { accessToken } = await signIn(watched);
  const [, payload, signature] = accessToken.split('.');
  const invented = Array.from({ length: 50 }, (_, at) => {
    const header = Buffer.from(JSON.stringify({ alg: 'ES256', typ: 'JWT', kid: `invented-${at}` })).toString(
      'base64url',
    );
    return `${header}.${payload}.${signature}`;
  });
  const answers = await Promise.allSettled(invented.map((token) => authenticate(token, watched)));
  expect(new Set(answers.map((answer) => (answer.status === 'rejected' ? answer.reason.code : 'accepted')))).toEqual(
    new Set(['unauthorized']),
  );
  await watched.close();
});
