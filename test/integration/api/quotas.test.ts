/** Test the daily quotas of users, over several processes and restarts. Source: docs/limits.md. */
import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createQuotas, type Quotas } from '../../../src/application/quotas.ts';
import type { UserFacts } from '../../../src/domain/user/identity.ts';
import { createDatabase, type TestDatabase } from '../../support/services.ts';

let database: TestDatabase;
let pool: pg.Pool;
let now = Date.UTC(2030, 0, 1, 23, 0, 0);
let statements = 0;

beforeAll(async () => {
  database = await createDatabase();
  pool = new pg.Pool({ connectionString: database.url, max: 4 });
});

afterAll(async () => {
  await pool?.end();
  await database?.[Symbol.asyncDispose]();
});

/** The quotas of one process. */
function startProcess(limits = { messages: { perDay: 10, block: 4 } }): Quotas {
  const counted = {
    query: (...args: unknown[]) => {
      statements += 1;
      return (pool.query as (...args: unknown[]) => unknown)(...args);
    },
  } as unknown as Pick<pg.Pool, 'query'>;
  return createQuotas({ pool: counted, limits, now: () => now });
}

const user = (id: string): UserFacts => ({ id, name: id, role: 'driver', active: true });
const spend = (quotas: Quotas, id: string, amount = 1, spent = true, quota = 'messages') =>
  quotas
    .spend(user(id), quota, amount, async () => ({ value: 'done', spent }))
    .then(
      () => 'done',
      (error: { code: string }) => error.code,
    );

it('admits what the quota allows, by one process or by several, and then refuses until midnight UTC', async () => {
  const [one, two] = [startProcess(), startProcess()];
  const answers = await Promise.all(Array.from({ length: 12 }, (_, at) => spend(at % 2 ? one : two, 'a')));
  expect(answers.toSorted()).toEqual([...Array(10).fill('done'), 'rate_limited', 'rate_limited']);
  await expect(one.spend(user('a'), 'messages', 1, async () => ({ value: 1, spent: true }))).rejects.toMatchObject({
    code: 'rate_limited',
    retryAfter: 3_600,
  });
  expect(await spend(one, 'b')).toBe('done');
  now += 3_600_000;
  expect(await spend(one, 'a')).toBe('done');
});

it('a restart does not give a quota anew', async () => {
  const answers: string[] = [];
  for (let at = 0; at < 11; at += 1) answers.push(await spend(startProcess(), 'c'));
  const admitted = answers.filter((answer) => answer === 'done').length;
  // What a process held when it ended is lost: less than one block.
  expect(admitted).toBeGreaterThan(6);
  expect(admitted).toBeLessThanOrEqual(10);
  expect(answers.at(-1)).toBe('rate_limited');
});

it('gives the last of a quota to the process that needs it', async () => {
  const processes = Array.from({ length: 8 }, () => startProcess({ messages: { perDay: 100, block: 5 } }));
  const answers: string[] = [];
  for (let at = 0; at < 120; at += 1) answers.push(await spend(processes[at % 8] as Quotas, 'g'));
  expect(answers.filter((answer) => answer === 'done')).toHaveLength(100);
  const others = startProcess();
  expect(await spend(others, 'h', 8)).toBe('done');
  expect(await spend(others, 'h', 3)).toBe('rate_limited');
  expect(await spend(startProcess(), 'h', 2)).toBe('done');
});

it('asks the database once for each block', async () => {
  const quotas = startProcess({ messages: { perDay: 1_000, block: 100 } });
  await spend(quotas, 'd', 100);
  statements = 0;
  await Promise.all(Array.from({ length: 200 }, () => spend(quotas, 'd')));
  expect(statements).toBe(2);
});

it('gives back what a task did not spend, or failed to', async () => {
  const quotas = startProcess();
  for (let at = 0; at < 30; at += 1) expect(await spend(quotas, 'e', 1, false)).toBe('done');
  const failing = quotas.spend(user('e'), 'messages', 10, async () => {
    throw new Error('refused');
  });
  await expect(failing).rejects.toThrow('refused');
  expect(await spend(quotas, 'e', 10)).toBe('done');
  expect(await spend(quotas, 'e', 1)).toBe('rate_limited');
});

it('counts large amounts, and leaves other quotas alone', async () => {
  const quotas = startProcess();
  expect(await spend(quotas, 'f', 11)).toBe('rate_limited');
  expect(await spend(quotas, 'f', 10)).toBe('done');
  expect(await spend(quotas, 'f', 1_000, true, 'unbounded')).toBe('done');
});
