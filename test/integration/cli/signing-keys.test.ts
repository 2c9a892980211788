/** Test `deskwire signing-keys`, and that the log has a record of every command that changed something. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { until } from '../../support/until.ts';
import { type System, startSystem } from './system.ts';

let system: System;

beforeAll(async () => {
  system = await startSystem();
});

afterAll(() => system?.[Symbol.asyncDispose]());

/** What the log says of an account: the activities, with what was done exactly, and who did it. */
async function activities(userId: string): Promise<string[]> {
  const { rows } = await system.pool.query<{ activity: string; detail: string | null; author: string }>(
    `select data ->> 'activity' as activity, data ->> 'detail' as detail, metadata -> 'actor' ->> 'id' as author
     from deskwire.events where stream = $1 and type = 'AccountActivityRecorded' order by version`,
    [`user.${userId}`],
  );
  return rows
    .filter(({ author }) => author === 'deskwire:operator')
    .map(({ activity, detail }) => (detail === null ? activity : `${activity}: ${detail}`));
}

it('rotates the key, keeps tokens of the old one, and ends them when it is withdrawn', async () => {
  const driver = await system.signIn('driver@example.com');
  const [before] = await system.deskwire.json(['signing-keys', 'list']);
  expect(before).toMatchObject({ state: 'signs', retiredAt: null });
  const { kid } = await system.deskwire.json(['signing-keys', 'rotate']);
  const listed = await system.deskwire.json(['signing-keys', 'list']);
  expect(listed.map((key: { kid: string; state: string }) => [key.kid, key.state])).toEqual([
    [before.kid, 'verifies'],
    [kid, 'signs'],
  ]);
  expect((await driver.send('GET', '/api/v1/support')).status).toBe(200);
  const shown = async () => (await system.anonymous().send('GET', '/.well-known/jwks.json')).body.keys;
  await until(async () => (await shown()).length === 2, 'the server to read the new key');
  expect(await system.deskwire.run('signing-keys', 'withdraw', 'nothing')).toMatchObject({
    code: 3,
    stderr: 'deskwire: there is no key nothing.\n',
  });
  expect((await system.deskwire.run('signing-keys', 'withdraw', before.kid)).code).toBe(0);
  await until(async () => (await driver.send('GET', '/api/v1/support')).status === 401, 'the token to end');
  const again = await system.signIn('driver@example.com');
  expect((await again.send('GET', '/api/v1/support')).status).toBe(200);
  expect(await activities('deskwire:operator')).toEqual([
    `signing_key_rotated: signing-keys rotate: ${kid}`,
    `signing_key_withdrawn: signing-keys withdraw: ${before.kid}`,
  ]);
});

it('records the commands of operators, and none that changed nothing', async () => {
  const { run } = system.deskwire;
  for (const args of [
    ['projections', 'pause', 'rooms'],
    ['projections', 'pause', 'rooms'],
    ['projections', 'resume', 'rooms'],
    ['projections', 'list'],
    ['cluster-key', 'rotate'],
  ]) {
    await run(...args);
  }
  const recorded = (await activities('deskwire:operator')).slice(2);
  expect(recorded.slice(0, 2)).toEqual([
    'operator_command: projections pause rooms',
    'operator_command: projections resume rooms',
  ]);
  expect(recorded.slice(2)).toEqual([expect.stringMatching(/^operator_command: cluster-key rotate: /)]);
});

it('records tokens and locked passwords with the user, and changes of roles with their author', async () => {
  const { run } = system.deskwire;
  expect((await run('token', 'ops@example.com')).code).toBe(0);
  expect((await run('users', 'role', '6', 'agent')).code).toBe(0);
  const ops = await system.signIn('ops@example.com');
  const locked = await run('users', 'lock-demo');
  expect(locked).toMatchObject({ code: 0, stdout: expect.stringContaining('ops@example.com') });
  await until(async () => (await ops.send('GET', '/api/v1/support')).status === 401, 'their sessions to end');
  expect(await activities('6')).toEqual(['token_issued', 'password_locked']);
  const { rows } = await system.pool.query(
    `select data, metadata -> 'actor' ->> 'id' as author from deskwire.events where stream = 'user.6' and type = 'UserChanged'`,
  );
  expect(rows).toEqual([{ data: { changes: { role: { from: 'ops', to: 'agent' } } }, author: 'deskwire:operator' }]);
});
