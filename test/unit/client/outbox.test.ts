/**
 * Tests the outbox: each command is carried out once, in order, across lost connections and pages, until it is done or
 * refused for good.
 */
import { describe, expect, it } from 'vitest';
import { DeskwireError } from '../../../src/client/errors.ts';
import { createOutbox, type OutboxStorage, type StoredCommand } from '../../../src/client/outbox.ts';
import { memoryStorage } from '../../../src/client/storage.ts';
import { createWorld, settle } from './world.ts';

const pace = { first: 100, most: 1_000 };
const post = (lane: string, body: unknown) =>
  ({ lane, kind: 'post', method: 'POST', path: '/', body, keepFailed: true }) as const;
const unreachable = new DeskwireError('unreachable', 'no network');

interface Attempt {
  readonly command: StoredCommand;
  answer(value: unknown): void;
  fail(error: DeskwireError): void;
}

function setUp(options: { name?: string; storage?: OutboxStorage; userId?: () => Promise<string> } = {}) {
  const world = createWorld(options.name);
  const attempts: Attempt[] = [];
  const outbox = createOutbox({
    deliver(command) {
      const { promise, resolve, reject } = Promise.withResolvers<unknown>();
      attempts.push({ command, answer: resolve, fail: reject });
      return promise;
    },
    storage: options.storage ?? memoryStorage(),
    surroundings: world.surroundings,
    pace,
    userId: options.userId ?? (() => Promise.resolve('1')),
  });
  const bodies = () => attempts.map(({ command }) => command.body);
  const last = () => {
    const attempt = attempts.at(-1);
    if (attempt === undefined) throw new Error('nothing was sent');
    return attempt;
  };
  return { world, outbox, attempts, bodies, last };
}

describe('within a lane', () => {
  it('sends one command after the other, in the order given', async () => {
    const { outbox, bodies, last } = setUp();
    const first = outbox.enqueue(post('a', 1));
    void outbox.enqueue(post('a', 2));
    await settle();
    expect(bodies()).toEqual([1]);
    last().answer('done');
    expect(await first).toBe('done');
    await settle();
    expect(bodies()).toEqual([1, 2]);
  });

  it('repeats a command with its id until it is answered, and sends no later one before', async () => {
    const { outbox, attempts, bodies, last, world } = setUp();
    void outbox.enqueue(post('a', 1));
    void outbox.enqueue(post('a', 2));
    await settle();
    last().fail(unreachable);
    await settle();
    expect(outbox.entries[0]).toMatchObject({ waitingFor: { code: 'unreachable' } });
    await world.pass(50);
    expect(bodies()).toEqual([1, 1]);
    expect(attempts[1]?.command.id).toBe(attempts[0]?.command.id);
    last().answer(undefined);
    await settle();
    expect(bodies()).toEqual([1, 1, 2]);
  });

  it('continues with the next command after one was refused for good', async () => {
    const { outbox, bodies, last } = setUp();
    const refused = outbox.enqueue(post('a', 1));
    void outbox.enqueue(post('a', 2));
    await settle();
    last().fail(new DeskwireError('forbidden', 'not you'));
    await expect(refused).rejects.toMatchObject({ code: 'forbidden' });
    await settle();
    expect(bodies()).toEqual([1, 2]);
    expect(outbox.entries.map(({ body, failed }) => [body, failed?.code])).toEqual([
      [1, 'forbidden'],
      [2, undefined],
    ]);
  });
});

it('sends lanes side by side', async () => {
  const { outbox, bodies } = setUp();
  void outbox.enqueue(post('a', 1));
  void outbox.enqueue(post('b', 2));
  await settle();
  expect(bodies()).toEqual([1, 2]);
});

it('sends at once when the connection is back', async () => {
  const { outbox, bodies, last } = setUp();
  void outbox.enqueue(post('a', 1));
  await settle();
  last().fail(unreachable);
  await settle();
  outbox.wake();
  await settle();
  expect(bodies()).toEqual([1, 1]);
});

it('waits as long as the server asked', async () => {
  const { outbox, bodies, last, world } = setUp();
  void outbox.enqueue(post('a', 1));
  await settle();
  last().fail(new DeskwireError('rate_limited', 'slowly', { retryAfter: 7, status: 429 }));
  await settle();
  await world.pass(7_049);
  expect(bodies()).toEqual([1]);
  await world.pass(1);
  expect(bodies()).toEqual([1, 1]);
});

it.each(['no_token', 'unauthorized', 'token_expired', 'unavailable', 'internal'] as const)(
  'keeps the command after %s',
  async (code) => {
    const { outbox, bodies, last, world } = setUp();
    void outbox.enqueue(post('a', 1));
    await settle();
    last().fail(new DeskwireError(code, 'for now'));
    await settle();
    await world.pass(1_000);
    expect(bodies()).toEqual([1, 1]);
  },
);

describe('a failed command', () => {
  async function failed() {
    const rig = setUp();
    void rig.outbox.enqueue(post('a', 1));
    await settle();
    rig.last().fail(new DeskwireError('not_found', 'no such ticket', { status: 404 }));
    await settle();
    return rig;
  }

  it('is sent again on retry', async () => {
    const { outbox, bodies, last } = await failed();
    outbox.retry(outbox.entries[0]?.id ?? '');
    await settle();
    expect(bodies()).toEqual([1, 1]);
    last().answer(undefined);
    await settle();
    expect(outbox.entries).toEqual([]);
  });

  it('is removed when it is discarded', async () => {
    const { outbox } = await failed();
    outbox.discard(outbox.entries[0]?.id ?? '');
    await settle();
    expect(outbox.entries).toEqual([]);
  });
});

describe('after the end of a page', () => {
  it('continues with the commands that were not done, in their order and with their ids', async () => {
    const storage = memoryStorage();
    const before = setUp({ storage });
    void before.outbox.enqueue(post('a', 1)).catch(() => undefined);
    void before.outbox.enqueue(post('a', 2)).catch(() => undefined);
    await settle();
    before.outbox.close();

    const after = setUp({ name: 'later', storage });
    after.outbox.wake();
    await settle();
    expect(after.bodies()).toEqual([1]);
    expect(after.attempts[0]?.command.id).toBe(before.attempts[0]?.command.id);
    after.last().answer(undefined);
    await settle();
    expect(after.bodies()).toEqual([1, 2]);
    after.last().answer(undefined);
    await settle();
    expect(await storage.list()).toEqual([]);
  });

  it('sends the commands that were left before new ones', async () => {
    const storage = memoryStorage();
    const before = setUp({ storage });
    void before.outbox.enqueue(post('a', 'old')).catch(() => undefined);
    await settle();
    before.outbox.close();
    const after = setUp({ name: 'later', storage });
    void after.outbox.enqueue(post('a', 'new'));
    await settle();
    expect(after.bodies()).toEqual(['old']);
  });

  it('leaves alone the commands of another user of the device', async () => {
    const storage = memoryStorage();
    const before = setUp({ storage });
    void before.outbox.enqueue(post('a', 'secret')).catch(() => undefined);
    await settle();
    before.outbox.close();
    const after = setUp({ name: 'later', storage, userId: () => Promise.resolve('2') });
    after.outbox.wake();
    await settle();
    expect(after.bodies()).toEqual([]);
    expect(after.outbox.entries).toEqual([]);
  });
});

it('keeps commands until there is a token, and then sends them', async () => {
  let known = false;
  const { outbox, bodies } = setUp({
    userId: () => (known ? Promise.resolve('1') : Promise.reject(new DeskwireError('no_token', 'not yet'))),
  });
  void outbox.enqueue(post('a', 1));
  await settle();
  expect(outbox.entries).toHaveLength(1);
  expect(bodies()).toEqual([]);
  known = true;
  outbox.wake();
  await settle();
  expect(bodies()).toEqual([1]);
});

it('sends a command that its storage could not keep, and reports the storage error', async () => {
  const full = { ...memoryStorage(), put: () => Promise.reject(new Error('quota exceeded')) };
  const { outbox, bodies } = setUp({ storage: full });
  const said: string[] = [];
  outbox.on('storage', ({ message }) => said.push(message));
  void outbox.enqueue(post('a', 1));
  await settle();
  expect(bodies()).toEqual([1]);
  expect(said).toEqual(['quota exceeded']);
});

it('rejects the commands that are not done when it is closed', async () => {
  const { outbox } = setUp();
  const given = outbox.enqueue(post('a', 1));
  outbox.close();
  await expect(given).rejects.toMatchObject({ code: 'closed' });
});
