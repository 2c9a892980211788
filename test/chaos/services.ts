/** Postgres and NATS for a run outside vitest: local processes, in a temporary folder that is removed afterwards. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { natsProcess, postgresProcess } from '../support/processes.ts';
import type { Services } from './system.ts';

export const PROJECT = join(import.meta.dirname, '..', '..');

export async function ownServices(): Promise<Omit<Services, 'root'> & AsyncDisposable> {
  const directory = await mkdtemp(join(tmpdir(), 'deskwire-chaos-'));
  const source = { path: process.env.PATH ?? '', cache: join(PROJECT, '.cache'), directory };
  return {
    startPostgres: () => postgresProcess(source, 'durable'),
    startNats: () => natsProcess(source),
    directory,
    [Symbol.asyncDispose]: () => rm(directory, { recursive: true, force: true, maxRetries: 20 }),
  };
}
