/** Passwords are hashed a few at a time; others wait in turn, and too many are refused. */
import { expect, it } from 'vitest';
import { createPasswordHashing } from '../../../src/auth/password-hashing.ts';

function hashing() {
  const begun: { password: string; end: (hashed: string) => void; fail: (error: Error) => void }[] = [];
  const hash = (password: string) =>
    new Promise<string>((end, fail) => {
      begun.push({ password, end, fail });
    });
  const verify = async (hashed: string, password: string) => (await hash(password)) === hashed;
  return { begun, hashing: createPasswordHashing({ atOnce: 2, waiting: 2 }, { hash, verify }) };
}
const turn = () => new Promise((resolve) => setImmediate(resolve));

it('hashes two at once, and the others in the order in which they came', async () => {
  const { hashing: passwords, begun } = hashing();
  const all = ['a', 'b', 'c'].map((password) => passwords.hash(password));
  const verified = passwords.verify('hash of d', 'd');
  expect(begun.map(({ password }) => password)).toEqual(['a', 'b']);
  begun[1]?.end('hash of b');
  await turn();
  expect(begun.map(({ password }) => password)).toEqual(['a', 'b', 'c']);
  begun[0]?.end('hash of a');
  begun[2]?.end('hash of c');
  await turn();
  begun[3]?.end('hash of d');
  expect(await Promise.all(all)).toEqual(['hash of a', 'hash of b', 'hash of c']);
  expect(await verified).toBe(true);
});

it('refuses those that would wait when too many do, and takes them again later', async () => {
  const { hashing: passwords, begun } = hashing();
  const all = ['a', 'b', 'c', 'd'].map((password) => passwords.hash(password));
  await expect(passwords.hash('e')).rejects.toMatchObject({ code: 'unavailable', retryAfter: 1 });
  begun[0]?.fail(new Error('no memory'));
  await expect(all[0]).rejects.toThrow('no memory');
  await turn();
  void passwords.hash('f');
  expect(begun.map(({ password }) => password)).toEqual(['a', 'b', 'c']);
});
