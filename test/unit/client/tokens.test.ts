/** Tests when a token is requested, and that it stays one user's. */
import { describe, expect, it } from 'vitest';
import { createTokens } from '../../../src/client/tokens.ts';

function tokenOf(claims: object): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${part({ alg: 'none' })}.${part(claims)}.signature`;
}

const now = () => 1_000_000;

/** A token function that returns another token each time, and counts its calls. */
function counting(claims: () => object = () => ({})) {
  const source = Object.assign(
    () => {
      source.asked += 1;
      return tokenOf({ sub: '1', asked: source.asked, ...claims() });
    },
    { asked: 0 },
  );
  return source;
}

describe('a token function', () => {
  it('is called once for several callers at the same time', async () => {
    const source = counting();
    const tokens = createTokens(source, { now });
    const [one, two] = await Promise.all([tokens.get(), tokens.get()]);
    expect(one).toBe(two);
    expect(await tokens.get()).toBe(one);
    expect(source.asked).toBe(1);
    expect(tokens.userId).toBe('1');
  });

  it('is called again when the server refused the token', async () => {
    const source = counting();
    const tokens = createTokens(source, { now });
    const first = await tokens.get();
    tokens.refused(first);
    expect(await tokens.get()).not.toBe(first);
  });

  it('is not called again when a token is refused that was replaced already', async () => {
    const source = counting();
    const tokens = createTokens(source, { now });
    const first = await tokens.get();
    tokens.refused(first);
    await tokens.get();
    tokens.refused(first);
    await tokens.get();
    expect(source.asked).toBe(2);
  });

  it('is called again a minute before the token expires', async () => {
    let time = now();
    const source = counting(() => ({ exp: time / 1_000 + 600 }));
    const tokens = createTokens(source, { now: () => time });
    await tokens.get();
    expect(tokens.renewAt).toBe(now() + 540_000);
    time += 539_999;
    await tokens.get();
    expect(source.asked).toBe(1);
    time += 1;
    await tokens.get();
    expect(source.asked).toBe(2);
  });

  it('is not called over and over on a device whose clock is ahead', async () => {
    const source = counting(() => ({ exp: now() / 1_000 - 9_999 }));
    const tokens = createTokens(source, { now });
    await tokens.get();
    await tokens.get();
    expect(source.asked).toBe(1);
  });

  it.each([
    ['2 h fast', 7_200_000],
    ['59 min fast', 3_540_000],
    ['20 min fast', 1_200_000],
    ['20 min slow', -1_200_000],
    ['2 h slow', -7_200_000],
  ])('is called about once an hour for tokens of an hour, with a clock that is %s', async (_what, ahead) => {
    let time = now();
    const source = counting(() => {
      const iat = Math.floor(time / 1_000);
      return { iat, exp: iat + 3_600 };
    });
    const tokens = createTokens(source, { now: () => time + ahead });
    for (let seconds = 0; seconds < 6 * 3_600; seconds += 5) {
      await tokens.get();
      time += 5_000;
    }
    expect(source.asked).toBeGreaterThanOrEqual(6);
    expect(source.asked).toBeLessThanOrEqual(10);
  });

  it('that gives an older token is called a minute before that expires', async () => {
    const iat = now() / 1_000 - 3_000;
    const tokens = createTokens(
      counting(() => ({ iat, exp: iat + 3_600 })),
      { now },
    );
    await tokens.get();
    expect(tokens.renewAt).toBe(now() + 540_000);
  });

  it('that fails leaves the current token in use while that is valid', async () => {
    let time = now();
    const first = tokenOf({ sub: '1', exp: time / 1_000 + 600 });
    const given = [() => Promise.resolve(first), () => Promise.reject(new Error('busy'))];
    const tokens = createTokens(() => given.shift()?.() ?? Promise.reject(new Error('still busy')), {
      now: () => time,
    });
    await tokens.get();
    time += 550_000;
    expect(await tokens.get()).toBe(first);
    tokens.refused(first);
    await expect(tokens.get()).rejects.toMatchObject({ code: 'no_token' });
  });

  it('that fails is reported as no_token, with its cause', async () => {
    const cause = new Error('the session has ended');
    const tokens = createTokens(() => Promise.reject(cause), { now });
    await expect(tokens.get()).rejects.toMatchObject({ code: 'no_token', cause });
  });

  it('that returns the token of another user is refused', async () => {
    const users = ['1', '2'];
    const tokens = createTokens(() => tokenOf({ sub: users.shift() }), { now });
    tokens.refused(await tokens.get());
    await expect(tokens.get()).rejects.toMatchObject({ code: 'another_user' });
  });
});

it('tokens of a known user are refused when they are of another one', async () => {
  const tokens = createTokens(() => tokenOf({ sub: '2' }), { now }, '1');
  expect(tokens.userId).toBe('1');
  await expect(tokens.get()).rejects.toMatchObject({ code: 'another_user' });
  const own = createTokens(() => tokenOf({ sub: '1' }), { now }, '1');
  await own.get();
  expect(own.userId).toBe('1');
});

it('a constant token is used until it is refused', async () => {
  const tokens = createTokens(tokenOf({ sub: '1' }), { now });
  const token = await tokens.get();
  expect(await tokens.get()).toBe(token);
  tokens.refused(token);
  await expect(tokens.get()).rejects.toMatchObject({ code: 'no_token' });
  expect(tokens.renewable).toBe(false);
});

it('a token that is not a JWT is used as it is', async () => {
  const tokens = createTokens('opaque', { now });
  expect(await tokens.get()).toBe('opaque');
  expect(tokens.userId).toBeUndefined();
  expect(tokens.renewAt).toBeUndefined();
});

describe('what is no token', () => {
  const wrong = [undefined, null, '', ' ', 7, {}, Promise.resolve('a'), '<!doctype html><p>Sign in', 'tökèn'];

  it.each(wrong)('is reported as no_token: %s', async (given) => {
    // A promise of a token is none, though a function may return one.
    const tokens = createTokens(given as string, { now });
    await expect(tokens.get()).rejects.toMatchObject({
      code: 'no_token',
      message: expect.stringContaining('A token must be a text'),
    });
    expect(tokens.renewable).toBe(false);
  });

  it.each(wrong.filter((given) => !(given instanceof Promise)))(
    'is reported as no_token from a function: %s',
    async (given) => {
      const tokens = createTokens(() => given as string, { now });
      await expect(tokens.get()).rejects.toMatchObject({
        code: 'no_token',
        message: expect.stringContaining('A token must be a text'),
      });
      expect(tokens.renewable).toBe(true);
    },
  );

  it('does not include a line feed at the end of a token', async () => {
    expect(await createTokens(() => 'opaque\n', { now }).get()).toBe('opaque');
  });
});
