import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import pg from 'pg';
import { describe, expect, it } from 'vitest';
import { launchServer, processesNaming } from '../../support/server-process.ts';
import { until } from '../../support/until.ts';
import { createDataDir } from './data-dir.ts';

const serving = async (url: string) => (await fetch(url)).status > 0;

/** Queries the embedded PostgreSQL of a DATA_DIR with the credentials of the server. */
async function ask(dataDir: string, sql: string): Promise<unknown[]> {
  const password = await readFile(join(dataDir, 'postgres.password'), 'utf8');
  const [, , , port] = (await readFile(join(dataDir, 'postgres', 'postmaster.pid'), 'utf8')).split('\n');
  const client = new pg.Client({
    host: '127.0.0.1',
    port: Number(port),
    user: 'deskwire',
    password,
    database: 'deskwire',
  });
  client.on('error', () => {});
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

describe('npm start', () => {
  it('serves on a new DATA_DIR, prints how to log in, and leaves no process running after Ctrl-C', async () => {
    await using dataDir = await createDataDir();
    await using server = launchServer({ DATA_DIR: dataDir.path });
    expect(await serving(await server.ready)).toBe(true);
    expect(server.output()).toContain('driver@example.com');
    expect(server.output()).toContain('curl');
    server.signal('SIGINT');
    server.signal('SIGINT'); // The terminal sends it to npm and to the server; npm passes it on.
    expect(await server.exited).toBe(0);
    expect(await processesNaming(dataDir.path)).toEqual([]);
    expect(server.errors()).toBe('');
  });

  it('leaves no process behind when it is killed with -9, and continues on the same data', async () => {
    await using dataDir = await createDataDir();
    await using first = launchServer({ DATA_DIR: dataDir.path });
    await first.ready;
    await ask(dataDir.path, 'CREATE TABLE kept (word text)');
    await ask(dataDir.path, "INSERT INTO kept VALUES ('still here')");
    first.signal('SIGKILL');
    await first.exited;

    // At once, while PostgreSQL may still be shutting down.
    await using second = launchServer({ DATA_DIR: dataDir.path });
    expect(await serving(await second.ready)).toBe(true);
    expect(await ask(dataDir.path, 'SELECT word FROM kept')).toEqual([{ word: 'still here' }]);
    second.signal('SIGKILL');
    await second.exited;
    await dataDir.abandoned();
  });

  it('starts after a crash of all processes, also when other processes have their pids', async () => {
    await using dataDir = await createDataDir();
    await using first = launchServer({ DATA_DIR: dataDir.path });
    await first.ready;
    first.signal('SIGTERM');
    expect(await first.exited).toBe(0);
    // The pid of the test: a living process, and not the one that the files mean.
    await writeFile(join(dataDir.path, 'lock', `${process.pid}-00000000-1.aa.held`), '');
    await writeFile(join(dataDir.path, 'postgres', 'postmaster.pid'), `${process.pid}\n${dataDir.path}/postgres\n`);
    await writeFile(join(dataDir.path, 'nats', 'nats-server.pid'), String(process.pid));

    await using second = launchServer({ DATA_DIR: dataDir.path });
    expect(await serving(await second.ready)).toBe(true);
  });

  it('ends with the reason when one of its services dies', async () => {
    await using dataDir = await createDataDir();
    await using server = launchServer({ DATA_DIR: dataDir.path });
    await server.ready;
    process.kill(Number(await readFile(join(dataDir.path, 'nats', 'nats-server.pid'), 'utf8')), 'SIGKILL');
    expect(await server.exited).toBe(1);
    expect(server.output()).toContain('nats-server ended by itself');
    await dataDir.abandoned();
  });

  it('ends at once on a second Ctrl-C, and its services end a moment later', async () => {
    await using dataDir = await createDataDir();
    await using server = launchServer({ DATA_DIR: dataDir.path });
    await server.ready;
    const postmaster = Number.parseInt(await readFile(join(dataDir.path, 'postgres', 'postmaster.pid'), 'utf8'), 10);
    process.kill(postmaster, 'SIGSTOP'); // The drain cannot finish.
    server.signal('SIGINT');
    await until(() => server.output().includes('stopping'), 'the drain to begin');
    const repeated = setInterval(() => server.signal('SIGINT'), 50);
    expect(await server.exited).toBe(130);
    clearInterval(repeated);
    process.kill(postmaster, 'SIGCONT');
    await dataDir.abandoned();
  });

  it.runIf(process.getuid?.() === 0)('runs as root on a DATA_DIR that no other user can enter', async () => {
    await using dataDir = await createDataDir();
    await chmod(dirname(dataDir.path), 0o700);
    await mkdir(dataDir.path);
    for (const _ of ['first', 'again']) {
      await using server = launchServer({ DATA_DIR: dataDir.path });
      expect(await serving(await server.ready)).toBe(true);
      server.signal('SIGTERM');
      expect(await server.exited).toBe(0);
    }
  });
});
