/** The short form of the soak test (`npm run soak`). */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { createDatabase, startNats } from '../support/services.ts';

it('clients that stop reading are cut off, catch up, and leave nothing in memory', async () => {
  await using database = await createDatabase();
  await using nats = await startNats();
  const env = { PATH: process.env.PATH, SOAK_SECONDS: '9', DATABASE_URL: database.url, NATS_URL: nats.url };
  const { promise, resolve } = Promise.withResolvers<string>();
  const program = join(import.meta.dirname, 'soak.ts');
  execFile(process.execPath, ['--expose-gc', program], { env }, (_error, stdout, stderr) => resolve(stdout + stderr));
  const result = JSON.parse(await promise);
  expect(result).toMatchObject({ well: true });
});
