/** A DATA_DIR for one test. Disposal waits until no process uses it, then removes it. */
import { mkdtemp, readlink, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { processesNaming } from '../../support/server-process.ts';
import { until } from '../../support/until.ts';

export interface DataDir extends AsyncDisposable {
  readonly path: string;
  /** Resolves when no process of a server on it is left. */
  abandoned(): Promise<void>;
}

export async function createDataDir(): Promise<DataDir> {
  const folder = await mkdtemp(join(tmpdir(), 'deskwire-start-'));
  const path = join(folder, 'data');
  /** The place of the data when the unprivileged user cannot enter `folder`. */
  const elsewhere = () => readlink(join(path, 'postgres')).catch(() => undefined);
  const abandoned = async () => {
    for (const place of [folder, await elsewhere()]) {
      if (place === undefined) continue;
      await until(async () => (await processesNaming(place)).length === 0, `the processes on ${place} to end`);
    }
  };
  return {
    path,
    abandoned,
    async [Symbol.asyncDispose]() {
      await abandoned();
      const data = await elsewhere();
      if (data !== undefined) await rm(data, { recursive: true, force: true });
      await rm(folder, { recursive: true, force: true });
    },
  };
}
