/** Tests that a wrong option is named at the call, and that its value is not told. */
import { expect, it } from 'vitest';
import { createClient, memoryStorage, resume, signIn } from '../../../src/client/index.ts';

const right = { url: 'http://localhost:1', token: 'secret-token', connect: false };

it.each([
  ['url', undefined],
  ['url', 7],
  ['url', 'not a url'],
  ['url', '/relative, without a page'],
  ['url', 'ws://localhost'],
  ['url', 'javascript:alert(1)'],
  ['token', undefined],
  ['token', null],
  ['token', ''],
  ['token', 7],
  ['token', { token: 'secret-token' }],
  ['token', Promise.resolve('secret-token')],
  ['storage', {}],
  ['storage', null],
  ['storage', 'localStorage'],
  ['transports', []],
  ['transports', 'websocket'],
  ['transports', ['websocket', 'webtransport']],
  ['pace', {}],
  ['pace', { first: 0, most: 10 }],
  ['pace', { first: 20, most: 10 }],
  ['pace', { first: 20, most: Number.POSITIVE_INFINITY }],
  ['withCredentials', 'include'],
  ['connect', 0],
  ['userId', 4],
])('createClient names the option %s when it is %j', (field, value) => {
  let thrown: unknown;
  try {
    createClient({ ...right, [field]: value } as never).close();
  } catch (error) {
    thrown = error;
  }
  expect(thrown).toMatchObject({
    name: 'DeskwireError',
    code: 'invalid_payload',
    field,
    message: expect.stringContaining(`${field} must be `),
  });
  expect(String(thrown)).not.toContain('secret');
});

it.each([[undefined], [null], ['http://localhost']])(
  'createClient names the missing url of options that are %j',
  (options) => {
    expect(() => createClient(options as never)).toThrow(/^url must be a text/);
  },
);

it('signIn and resume name the option, too', async () => {
  const wrong = { code: 'invalid_payload' };
  await expect(signIn(undefined as never)).rejects.toMatchObject({ ...wrong, field: 'url' });
  await expect(resume({ url: right.url } as never)).rejects.toMatchObject({ ...wrong, field: 'refreshToken' });
  await expect(resume({ refreshToken: 'secret' } as never)).rejects.toMatchObject({ ...wrong, field: 'url' });
});

it('createClient takes every right option', () => {
  const all = {
    ...right,
    storage: memoryStorage(),
    transports: ['polling'],
    withCredentials: true,
    userId: '1',
  } as const;
  expect(createClient({ ...all, pace: { first: 1, most: 1 } }).connection.state).toBe('offline');
});
