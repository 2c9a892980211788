import { cp, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { freePort } from '../../../src/embedded/free-port.ts';
import { launchServer, type ServerProcess } from '../../support/server-process.ts';
import { createDatabase, startNats } from '../../support/services.ts';
import { commandsOn } from '../cli/command.ts';
import { createDataDir } from './data-dir.ts';

/** The only line that a server wrote on standard error before it ended. */
async function refusal(server: ServerProcess): Promise<string> {
  expect(await server.exited).toBe(1);
  const lines = server.errors().trimEnd().split('\n');
  expect(lines).toHaveLength(1);
  expect(server.output()).not.toContain('ready');
  return lines[0] ?? '';
}

describe('npm start refuses in one line', () => {
  it('a DATA_DIR on which another server is running, naming its pid', async () => {
    await using dataDir = await createDataDir();
    await using first = launchServer({ DATA_DIR: dataDir.path });
    await first.ready;
    await using second = launchServer({ DATA_DIR: dataDir.path });
    expect(await refusal(second)).toContain(`another Deskwire (process ${first.pid}) is running on ${dataDir.path}`);
  });

  it('a port that is taken, leaving nothing running', async () => {
    await using dataDir = await createDataDir();
    const taker = createServer();
    onTestFinished(() => void taker.close());
    const port = await freePort();
    await new Promise<void>((resolve) => taker.listen(port, '127.0.0.1', resolve));
    await using server = launchServer({ DATA_DIR: dataDir.path, PORT: String(port) });
    expect(await refusal(server)).toContain(`port ${port} is taken`);
    await dataDir.abandoned();
  });

  it('a database that cannot be reached', async () => {
    await using nats = await startNats();
    const DATABASE_URL = `postgres://me:secret@127.0.0.1:${await freePort()}/deskwire`;
    await using server = launchServer({ DATABASE_URL, NATS_URL: nats.url, START_TIMEOUT: '0' });
    const line = await refusal(server);
    expect(line).toContain('check DATABASE_URL');
    expect(line).not.toContain('secret');
  });

  it('a broker that cannot be reached', async () => {
    await using database = await createDatabase();
    const NATS_URL = `nats://127.0.0.1:${await freePort()}`;
    await using server = launchServer({ DATABASE_URL: database.url, NATS_URL, START_TIMEOUT: '0' });
    expect(await refusal(server)).toContain('check NATS_URL');
  });

  it('a broker URL at which another kind of server answers', async () => {
    await using database = await createDatabase();
    const NATS_URL = `nats://${new URL(database.url).host}`;
    await using server = launchServer({ DATABASE_URL: database.url, NATS_URL, START_TIMEOUT: '0' });
    expect(await refusal(server)).toContain('check NATS_URL');
  });

  it('other machines while the published password of the demo data works', async () => {
    await using database = await createDatabase();
    await using nats = await startNats();
    const env = { DATABASE_URL: database.url, NATS_URL: nats.url };
    await using fresh = launchServer({ ...env, HOST: '0.0.0.0', DEMO_DATA: 'on' });
    expect(await refusal(fresh)).toContain('set DEMO_DATA=off, or HOST=127.0.0.1');
    await using local = launchServer({ ...env, DEMO_DATA: 'on' });
    await local.ready;
    local.signal('SIGTERM');
    await local.exited;
    await using opened = launchServer({ ...env, HOST: '0.0.0.0', DEMO_DATA: 'off' });
    expect(await refusal(opened)).toContain('run `deskwire users lock-demo`');
    expect((await commandsOn(env).run('users', 'lock-demo')).code).toBe(0);
    await using locked = launchServer({ ...env, HOST: '0.0.0.0', DEMO_DATA: 'off' });
    await locked.ready;
  });

  it('a wrong setting', async () => {
    await using server = launchServer({ PORT: 'eighty' });
    expect(await refusal(server)).toContain('PORT must be a whole number from 0 to 65535, not "eighty"');
  });

  it('a DATA_DIR that cannot be created', async () => {
    await using dataDir = await createDataDir();
    await writeFile(dataDir.path, 'a file');
    await using server = launchServer({ DATA_DIR: dataDir.path });
    expect(await refusal(server)).toContain(`DATA_DIR ${dataDir.path} cannot be made or written`);
  });

  it('a nats-server that is not installed and cannot be fetched, naming the alternatives', async () => {
    await using dataDir = await createDataDir();
    // A new clone with an empty cache, behind a proxy that does not exist.
    const clone = await mkdtemp(join(tmpdir(), 'deskwire-clone-'));
    onTestFinished(() => rm(clone, { recursive: true }));
    const root = join(import.meta.dirname, '..', '..', '..');
    for (const part of ['src', 'migrations', 'package.json']) {
      await cp(join(root, part), join(clone, part), { recursive: true });
    }
    await symlink(join(root, 'node_modules'), join(clone, 'node_modules'));
    const proxy = 'http://127.0.0.1:9';
    const env = { DATA_DIR: dataDir.path, PATH: '', http_proxy: proxy, https_proxy: proxy };
    await using server = launchServer(env, clone);
    const line = await refusal(server);
    expect(line).toContain('nats-server was not found on PATH');
    expect(line).toMatch(/brew.+docker compose.+NATS_URL/);
    await dataDir.abandoned();
  });
});
