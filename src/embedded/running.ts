/**
 * The PostgreSQL and nats-server that a running server has started on a DATA_DIR, for a tool beside it: where they
 * listen is in their own files, their passwords are the secrets of the folder.
 */
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { messageOf, StartFailure, systemErrorCode } from '../support/start-failure.ts';
import type { ServiceOptions } from './embedded.ts';
import { natsUrl } from './nats-server.ts';
import { postgresUrl } from './postgres.ts';

export interface RunningServices {
  readonly databaseUrl: string;
  readonly natsUrl: string;
}

/** Those that the configuration names and, where it names none, those of the server on its DATA_DIR. */
export async function runningServices(options: ServiceOptions): Promise<RunningServices> {
  const dataDir = resolve(options.dataDir);
  try {
    return {
      databaseUrl: options.databaseUrl ?? (await embeddedPostgres(dataDir)),
      natsUrl: options.natsUrl ?? (await embeddedNats(dataDir)),
    };
  } catch (cause) {
    if (systemErrorCode(cause) !== 'ENOENT') {
      throw new StartFailure(`what runs on ${dataDir} cannot be found out (${messageOf(cause)}).`, { cause });
    }
    throw new StartFailure(
      `no server is running on ${dataDir}: start it (npm start), or set DATABASE_URL and NATS_URL, or DATA_DIR.`,
      { cause },
    );
  }
}

/** The fourth line of PostgreSQL's pid file is its port. */
async function embeddedPostgres(dataDir: string): Promise<string> {
  const lines = (await readFile(join(dataDir, 'postgres', 'postmaster.pid'), 'utf8')).split('\n');
  const port = Number(lines[3]);
  if (!(port > 0)) throw new Error('its PostgreSQL is starting or stopping');
  return postgresUrl(port, await secret(join(dataDir, 'postgres.password')), 'deskwire');
}

async function embeddedNats(dataDir: string): Promise<string> {
  const configuration = await readFile(join(dataDir, 'nats', 'nats-server.conf'), 'utf8');
  const port = Number(/^listen: "127\.0\.0\.1:(\d+)"$/m.exec(configuration)?.[1]);
  if (!(port > 0)) throw new Error('the configuration of its nats-server names no port');
  return natsUrl(port, await secret(join(dataDir, 'nats.password')));
}

async function secret(file: string): Promise<string> {
  return (await readFile(file, 'utf8')).trim();
}
