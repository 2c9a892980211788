/** PostgreSQL and nats-server with TLS, and a certificate authority of their own that is given by settings. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, chown, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { unprivilegedAccount } from '../../../src/embedded/account.ts';
import { freePort } from '../../../src/embedded/free-port.ts';
import { launchServer } from '../../support/server-process.ts';
import { type ControlledPostgres, startControlledPostgres, startNats } from '../../support/services.ts';
import { until } from '../../support/until.ts';

const started = new AsyncDisposableStack();
let ca: string;
let otherCa: string;
let databaseUrl: string;
let natsHost: string;

beforeAll(async () => {
  const folder = await mkdtemp(join(tmpdir(), 'deskwire-tls-'));
  started.defer(() => rm(folder, { recursive: true, force: true }));
  await chmod(folder, 0o755);
  ca = authority(folder, 'ca');
  otherCa = authority(folder, 'other');
  const certificate = certificateOf(folder, 'ca');
  databaseUrl = await postgresWithTls(certificate);
  natsHost = await natsWithTls(folder, certificate);
});
afterAll(() => started.disposeAsync());

interface Certificate {
  readonly cert: string;
  readonly key: string;
}

function openssl(folder: string, ...args: readonly string[]): void {
  execFileSync('openssl', args, { cwd: folder, stdio: 'ignore' });
}

function authority(folder: string, name: string): string {
  openssl(
    folder,
    ...['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', `/CN=${name}`],
    ...['-keyout', `${name}.key`, '-out', `${name}.pem`],
  );
  return join(folder, `${name}.pem`);
}

function certificateOf(folder: string, ca: string): Certificate {
  openssl(
    folder,
    ...[
      'req',
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-subj',
      '/CN=server',
      '-addext',
      'subjectAltName=IP:127.0.0.1,DNS:localhost',
    ],
    ...['-keyout', 'server.key', '-out', 'server.csr'],
  );
  openssl(
    folder,
    ...['x509', '-req', '-in', 'server.csr', '-CA', `${ca}.pem`, '-CAkey', `${ca}.key`, '-CAcreateserial'],
    ...['-days', '2', '-copy_extensions', 'copy', '-out', 'server.pem'],
  );
  return { cert: join(folder, 'server.pem'), key: join(folder, 'server.key') };
}

async function postgresWithTls({ cert, key }: Certificate): Promise<string> {
  const server: ControlledPostgres = await startControlledPostgres();
  started.use(server);
  const client = new pg.Client({ connectionString: server.url });
  await client.connect();
  const { rows } = await client.query<{ folder: string }>("select current_setting('data_directory') as folder");
  const folder = rows[0]?.folder ?? '';
  const account = unprivilegedAccount();
  for (const [from, to] of [
    [cert, 'server.crt'],
    [key, 'server.key'],
  ] as const) {
    await writeFile(join(folder, to), await readFile(from), { mode: 0o600 });
    if (account) await chown(join(folder, to), account.uid, account.gid);
  }
  await client.query('alter system set ssl = on');
  await client.query('select pg_reload_conf()');
  await client.end();
  return server.url;
}

async function natsWithTls(folder: string, { cert, key }: Certificate): Promise<string> {
  const port = await freePort();
  const configuration = [
    `listen: "127.0.0.1:${port}"`,
    `jetstream: { store_dir: "${join(folder, 'nats')}" }`,
    `tls: { cert_file: "${cert}", key_file: "${key}" }`,
    'authorization: { user: "node", password: "secret" }',
  ];
  await writeFile(join(folder, 'nats.conf'), configuration.join('\n'));
  const server = spawn('nats-server', ['-c', join(folder, 'nats.conf')], { stdio: 'ignore' });
  started.defer(async () => {
    const ended = once(server, 'exit');
    server.kill();
    await ended;
  });
  return `localhost:${port}`;
}

/** With which settings a server starts. */
const settings = (over: { sslmode?: string; root?: string; nats?: string; natsCa?: string } = {}) => ({
  DATABASE_URL: `${databaseUrl}?sslmode=${over.sslmode ?? 'verify-full'}&sslrootcert=${over.root ?? ca}`,
  NATS_URL: over.nats ?? `tls://node:secret@${natsHost}`,
  NATS_CA: over.natsCa ?? ca,
});

async function refusal(over: Parameters<typeof settings>[0]): Promise<string> {
  await using server = launchServer(settings(over));
  expect(await server.exited).toBe(1);
  expect(server.errors()).not.toContain('secret');
  // A wait does not mend a wrong certificate.
  expect(server.output()).not.toContain('waiting for');
  return server.errors();
}

const withProcesses = it.runIf(inject('services').source.kind === 'processes');

withProcesses('a server starts over TLS, and its connections to PostgreSQL are encrypted', async () => {
  await using server = launchServer(settings());
  await server.ready;
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  const encrypted = async () => {
    const { rows } = await client.query(
      `select count(*) filter (where s.ssl) as encrypted, count(*) filter (where not s.ssl) as plain
       from pg_stat_ssl s join pg_stat_activity a using (pid) where a.pid <> pg_backend_pid() and a.client_addr is not null`,
    );
    return Number(rows[0].encrypted) > 0 && Number(rows[0].plain) === 0;
  };
  await until(encrypted, 'encrypted connections and no other');
  await client.end();
});

withProcesses(
  'a server refuses a PostgreSQL whose certificate is of another authority, and says what to check',
  async () => {
    expect(await refusal({ root: otherCa })).toMatch(/cannot be reached \(.*certificate.*\): check DATABASE_URL/);
  },
);

withProcesses(
  'a server refuses a nats-server whose certificate is of another authority, and says what to check',
  async () => {
    expect(await refusal({ natsCa: otherCa })).toMatch(
      /nats-server refuses us \(.*certificate.*\): check NATS_URL and NATS_CA/,
    );
  },
);

withProcesses('a server sends no password to a nats-server without TLS', async () => {
  await using plain = await startNats({ controlled: true });
  const nats = `tls://node:secret@${new URL(plain.url).host}`;
  expect(await refusal({ nats })).toContain('nats-server refuses us (it offers no TLS): check NATS_URL and NATS_CA');
});
