import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DEMO_PASSWORD } from '../../../src/demo.ts';
import { createAppender } from '../../../src/eventlog/appender.ts';
import { DEFAULT_SCHEMAS, type ProjectionName, projectionNames } from '../../../src/projections/catalog.ts';
import { projectionStatus } from '../../../src/projections/operations/status.ts';
import { launchServer, type ServerProcess } from '../../support/server-process.ts';
import { createDatabase, startNats, type TestDatabase, type TestNats } from '../../support/services.ts';
import { until } from '../../support/until.ts';
import { type Client, clientOf } from '../api/rig.ts';
import { rowsOf } from '../projections/rig.ts';
import { commandsOn } from './command.ts';

let database: TestDatabase;
let nats: TestNats;
let env: NodeJS.ProcessEnv;
let server: ServerProcess;
let url: string;
let pool: pg.Pool;
let deskwire: ReturnType<typeof commandsOn>;

beforeAll(async () => {
  [database, nats] = await Promise.all([createDatabase(), startNats()]);
  env = { DATABASE_URL: database.url, NATS_URL: nats.url };
  deskwire = commandsOn(env);
  pool = new pg.Pool({ connectionString: database.url, max: 4 });
  pool.on('error', () => {});
  await startServer();
});

afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await pool.end();
  await Promise.all([database[Symbol.asyncDispose](), nats[Symbol.asyncDispose]()]);
});

async function startServer(): Promise<void> {
  server = launchServer({ ...env, DEMO_DATA: 'on', RATE_LIMIT: 'off', LOG_LEVEL: 'warn' });
  url = await server.ready;
}

async function signIn(email: string, password = DEMO_PASSWORD): Promise<Client> {
  const { status, body } = await clientOf(url).send('POST', '/api/v1/auth/login', { email, password });
  if (status !== 200) throw new Error(`signing in answered ${status}`);
  return clientOf(url, body.access_token);
}

async function openTicket(client: Client, description = 'It does not work'): Promise<{ id: string; position: number }> {
  const { status, headers, body } = await client.send('POST', '/api/v1/support', { description });
  if (status !== 201) throw new Error(`opening a ticket answered ${status}: ${JSON.stringify(body)}`);
  return { id: body.id, position: Number(headers.get('deskwire-position')) };
}

async function statusOf(name: ProjectionName) {
  const status = (await projectionStatus(pool)).find((one) => one.name === name);
  if (status?.serving === undefined) throw new Error(`no status of ${name}`);
  return { ...status, serving: status.serving };
}

/** What it finds wrong, but for durability: the PostgreSQL of tests forgets on purpose. */
async function errorsFound(): Promise<string[]> {
  const { stdout } = await deskwire.run('doctor', '--json');
  const findings: { about: string; grade: string; finding: string }[] = JSON.parse(stdout);
  return findings
    .filter(({ about, grade }) => grade === 'error' && about !== 'durability')
    .map(({ about, finding }) => `${about}: ${finding}`);
}

/** A ticket with many messages, straight into the log. */
async function appendMany(stream: `ticket.${string}`, batches: number, first = 0): Promise<void> {
  const appender = createAppender(pool, { maxFlushEvents: 500, maxQueuedEvents: 10_000 });
  for (let batch = 0; batch < batches; batch += 1) {
    const events = Array.from({ length: 500 }, (_, index) => {
      const id = crypto.randomUUID();
      return {
        id,
        type: 'MessagePosted' as const,
        data: { messageId: id, message: `${index}`, messageType: 'TEXT' as const, attachments: [], internal: false },
        metadata: {
          commandId: id,
          correlationId: id,
          actor: { id: '2', name: 'admin', role: 'admin' as const },
        },
      };
    });
    await appender.append({ stream, expectedVersion: first + batch * 500, events });
  }
  await appender.close();
}

describe('the deskwire command', () => {
  it('says what it can do, and refuses what it cannot with exit code 2', async () => {
    const help = await deskwire.run('--help');
    expect(help).toMatchObject({ code: 0, stderr: '' });
    for (const word of ['serve', 'migrate', 'doctor', 'projections', 'events', 'users', 'token', 'Exit codes']) {
      expect(help.stdout).toContain(word);
    }
    expect((await deskwire.run('projections', 'rebuild', '--help')).stdout).toContain('goes on where it was');
    for (const args of [['nonsense'], ['projections', 'pause', 'nothing'], ['projections', 'rebuild'], []]) {
      const refused = await deskwire.run(...args);
      expect(refused.code).toBe(2);
      expect(refused.stdout).toBe('');
    }
  });

  it('says in one line what is missing when there is nothing to work on', async () => {
    const nowhere = commandsOn({ DATA_DIR: '/nowhere/at/all' });
    const refused = await nowhere.run('projections', 'list');
    expect(refused).toMatchObject({ code: 1, stdout: '' });
    expect(refused.stderr).toBe(
      'deskwire: no server is running on /nowhere/at/all: start it (npm start), or set DATABASE_URL and NATS_URL, or DATA_DIR.\n',
    );
  });

  it('shows how projections stand, for people and for programs', async () => {
    const { stdout } = await deskwire.run('projections', 'list');
    for (const name of projectionNames()) expect(stdout).toMatch(new RegExp(`^${name} +\\d+ +active`, 'm'));
    const statuses = await deskwire.json(['projections', 'list']);
    expect(statuses.map((status: { name: string }) => status.name)).toEqual(projectionNames());
    expect(statuses[0]).toMatchObject({ serving: { running: true, current: true, paused: false, lag: 0 } });
  });

  it('finds a healthy system healthy', async () => {
    await until(async () => (await errorsFound()).length === 0, 'the system to be healthy', { timeoutMs: 20_000 });
  });

  it('finds what is wrong, and says what to do about it', async () => {
    const wrong = commandsOn({ ...env, PORT: 'eighty' });
    const { code, stdout, stderr } = await wrong.run('doctor');
    expect(code).toBe(4);
    expect(stdout).toContain('ERROR  configuration  PORT must be a whole number');
    expect(stderr).toContain('1 errors');
    const unreachable = await commandsOn({ ...env, DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none' }).run('doctor');
    expect(unreachable.code).toBe(4);
    expect(unreachable.stdout).toContain('cannot be reached');
    expect(unreachable.stdout).toContain('→ start it, or correct DATABASE_URL');
  });

  it('pauses and resumes the projection of a running server', async () => {
    const driver = await signIn('driver@example.com');
    expect(await deskwire.run('projections', 'pause', 'tickets')).toMatchObject({
      code: 0,
      stdout: 'tickets is paused.\n',
    });
    expect((await deskwire.run('projections', 'pause', 'tickets')).code).toBe(3);
    const { position } = await openTicket(driver);
    expect((await statusOf('tickets')).serving).toMatchObject({ paused: true, running: true });
    expect((await statusOf('tickets')).serving.position).toBeLessThan(position);
    expect((await clientOf(url).send('GET', '/readyz')).body.checks.projections).toBe('degraded');
    expect((await deskwire.run('projections', 'resume', 'tickets')).code).toBe(0);
    await until(async () => (await statusOf('tickets')).serving.lag === 0, 'the projection to go on');
    expect((await clientOf(url).send('GET', '/readyz')).body.checks.projections).toBe('ok');
  });

  it('lists, shows, retries and skips what a projection could not handle', async () => {
    const { tickets } = DEFAULT_SCHEMAS;
    const [driver, admin] = await Promise.all([signIn('driver@example.com'), signIn('admin@example.com')]);
    await pool.query(`alter table ${tickets}.tickets add constraint no check (description not like 'poison%')`);
    const poisoned = [await openTicket(driver, 'poison 1'), await openTicket(driver, 'poison 2')];
    for (const { id } of poisoned) await admin.send('POST', `/api/tickets/${id}/chat`, { message: 'behind it' });
    const fine = await openTicket(driver);
    await until(async () => (await statusOf('tickets')).serving.parked.events === 4, 'the events to be parked');
    expect((await admin.send('GET', `/api/v1/support/${fine.id}`)).status).toBe(200);
    expect(await clientOf(url).send('GET', '/readyz')).toMatchObject({
      status: 200,
      body: { checks: { projections: 'degraded' } },
    });
    expect((await deskwire.run('doctor')).stdout).toContain('4 events of 2 streams are parked');

    const [first, second] = await deskwire.json(['projections', 'parked', 'list']);
    expect(first).toMatchObject({
      projection: 'tickets',
      stream: `ticket.${poisoned[0]?.id}`,
      type: 'TicketOpened',
      events: 2,
    });
    expect(first.error).toContain('violates check constraint "no"');
    const shown = await deskwire.run('projections', 'parked', 'show', 'tickets', first.stream);
    expect(shown.stdout).toContain('violates check constraint');
    expect(shown.stdout).toContain('poison 1');
    expect((await deskwire.run('projections', 'parked', 'show', 'tickets', 'ticket.none')).code).toBe(3);

    const failed = await deskwire.run('projections', 'parked', 'retry', 'tickets', first.stream);
    expect(failed.code).toBe(1);
    expect(failed.stdout).toContain('cannot be handled yet');
    await pool.query(`alter table ${tickets}.tickets drop constraint no`);
    const retried = await deskwire.run('projections', 'parked', 'retry', 'tickets', first.stream);
    expect(retried).toMatchObject({ code: 0, stdout: 'tickets: everything is handled.\n' });
    expect((await admin.send('GET', `/api/v1/support/${poisoned[0]?.id}`)).status).toBe(200);

    const where = [second.stream, String(second.position)];
    expect((await deskwire.run('projections', 'parked', 'skip', 'tickets', second.stream, '1')).code).toBe(3);
    const skipped = await deskwire.run('projections', 'parked', 'skip', 'tickets', ...where);
    expect(skipped.code).toBe(0);
    expect(skipped.stderr).toContain(
      `TicketOpened at position ${second.position} of ${second.stream} is left out for good`,
    );
    expect((await deskwire.run('projections', 'parked', 'list')).stdout).toBe('Nothing is parked.\n');
    expect((await admin.send('GET', `/api/v1/support/${poisoned[1]?.id}`)).status).toBe(404);
    // A rebuild starts from the log, which has it.
    expect((await deskwire.run('projections', 'rebuild', 'tickets')).code).toBe(0);
    expect((await admin.send('GET', `/api/v1/support/${poisoned[1]?.id}`)).status).toBe(200);
  });

  it('rebuilds while people work, goes on after kill -9, rolls back, and drops what is old', async () => {
    const [driver, admin] = await Promise.all([signIn('driver@example.com'), signIn('admin@example.com')]);
    const { id } = await openTicket(driver);
    await appendMany('ticket.long', 60);
    await until(async () => (await statusOf('messages')).serving.lag === 0, 'the history to be projected', {
      timeoutMs: 30_000,
    });

    let working = true;
    const failures: unknown[] = [];
    const work = (async () => {
      let seen = 0;
      for (let n = 0; working; n += 1) {
        const posted = await admin.send('POST', `/api/tickets/${id}/chat`, { message: `message ${n}` });
        const { status, body } = await driver.send('GET', `/api/tickets/${id}/chat?limit=1`);
        if (posted.status !== 201 || status !== 200 || body.pagination.total < seen)
          failures.push({ posted, status, body });
        seen = body.pagination?.total ?? seen;
      }
    })();

    const killed = deskwire.launch('projections', 'rebuild', 'messages', 'notifications');
    await until(() => killed.stderr().includes('messages: filling'), 'the rebuild to begin', { everyMs: 1 });
    killed.signal('SIGKILL');
    expect((await killed.finished).code).toBe('SIGKILL');
    const interrupted = await statusOf('messages');
    expect(interrupted.next).toMatchObject({ version: interrupted.version });
    await until(async () => !(await statusOf('messages')).next?.running, 'the connection of the killed one to end');
    expect((await deskwire.run('doctor')).stdout).toContain('a rebuild was interrupted');

    const rebuilt = await deskwire.run('projections', 'rebuild', 'messages', 'notifications');
    expect(rebuilt).toMatchObject({ code: 0, stdout: expect.stringContaining('rebuilt and serving after') });
    expect(rebuilt.stderr).toContain('messages: done');
    const rolledBack = await deskwire.run('projections', 'rollback', 'messages');
    expect(rolledBack.code).toBe(0);
    working = false;
    await work;
    expect(failures).toEqual([]);

    await until(async () => (await statusOf('messages')).serving.lag === 0, 'everything to be projected');
    expect((await deskwire.run('projections', 'rebuild', '--all')).code).toBe(0);
    for (const schema of Object.values(DEFAULT_SCHEMAS)) {
      const [now, before] = [await rowsOf(pool, { it: schema }), await rowsOf(pool, { it: `${schema}_previous` })];
      expect(Object.values(now)).toEqual(Object.values(before));
    }
    const { dropped } = await deskwire.json(['projections', 'drop-old', '--all']);
    expect(dropped).toEqual(projectionNames().map((name) => `${DEFAULT_SCHEMAS[name]}_previous`));
    expect((await deskwire.run('projections', 'drop-old', '--all')).stdout).toBe('There is nothing old.\n');
    expect((await deskwire.run('projections', 'rollback', 'messages')).code).toBe(3);
  }, 90_000);

  it('ends with 130 on Ctrl-C, and aborts a rebuild', async () => {
    const stopped = deskwire.launch('projections', 'rebuild', 'messages', '--json');
    await until(() => stopped.stderr().includes('"filling"'), 'the rebuild to begin', { everyMs: 1 });
    stopped.signal('SIGINT');
    expect(await stopped.finished).toMatchObject({ code: 130, stdout: '' });
    expect((await statusOf('messages')).next).toMatchObject({ running: false });
    expect((await deskwire.run('projections', 'abort', 'messages')).code).toBe(0);
    expect((await deskwire.run('projections', 'abort', 'messages')).code).toBe(3);
    expect((await statusOf('messages')).next).toBeUndefined();
  });

  it('adds a user, changes what they are, and locks them out at once', async () => {
    const { code, stdout } = await deskwire.withInput(
      'correct horse battery\n',
      ...[
        'users',
        'add',
        'New@Example.com',
        '--name',
        'New One',
        '--role',
        'agent',
        '--id',
        'new-1',
        '--password-stdin',
      ],
    );
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'User new-1: New@Example.com, agent.\n' });
    const someone = await signIn('new@example.com', 'correct horse battery');
    expect((await someone.send('GET', '/api/v1/support')).status).toBe(200);
    const again = ['users', 'add', 'new@example.com', '--name', 'New', '--role', 'agent'];
    expect(await deskwire.run(...again)).toMatchObject({ code: 3, stderr: 'deskwire: new@example.com is taken.\n' });

    expect(await deskwire.json(['users', 'role', 'new@example.com', 'admin'])).toMatchObject({
      id: 'new-1',
      role: 'admin',
    });
    const { body } = await (await signIn('admin@example.com')).send('GET', '/api/v1/users/new-1');
    expect(body).toMatchObject({ role: 'admin' });
    expect((await deskwire.run('users', 'deactivate', 'new-1')).code).toBe(0);
    await until(
      async () => (await someone.send('GET', '/api/v1/support')).status === 401,
      'their token to stop working',
    );
    expect((await deskwire.run('users', 'deactivate', 'new-1')).code).toBe(3);
    expect((await deskwire.run('users', 'deactivate', 'nobody')).code).toBe(3);
    expect((await deskwire.run('token', 'new-1')).code).toBe(3);
    expect((await deskwire.run('users', 'activate', 'new-1')).code).toBe(0);
  });

  it('makes a password when none is given, and shows it once', async () => {
    const made = await deskwire.json(['users', 'add', 'made@example.com', '--name', 'Made', '--role', 'driver']);
    expect(made).toMatchObject({ email: 'made@example.com', role: 'driver' });
    await signIn('made@example.com', made.password);
  });

  it('gives a token that works', async () => {
    const { code, stdout } = await deskwire.run('token', 'admin@example.com');
    expect(code).toBe(0);
    expect((await clientOf(url, stdout.trim()).send('GET', '/api/v1/support')).status).toBe(200);
  });

  it('shows and follows the log', async () => {
    const shown = await deskwire.json(['events', 'show', 'user.1']);
    expect(shown[0]).toMatchObject({ stream: 'user.1', version: 1, type: 'UserRegistered' });
    expect((await deskwire.run('events', 'show', 'user.none')).code).toBe(3);
    expect((await deskwire.run('events', 'show', 'nonsense')).code).toBe(2);

    const tail = deskwire.launch('events', 'tail', '--lines', '1');
    await until(() => tail.stdout() !== '', 'the newest event');
    const { id } = await openTicket(await signIn('driver@example.com'), 'what nobody should read over a shoulder');
    await until(() => tail.stdout().includes(`ticket.${id}@1  TicketOpened  by 1 (driver)`), 'the ticket');
    expect(tail.stdout()).not.toContain('over a shoulder');
    tail.signal('SIGINT');
    await tail.finished;
  });

  it('proves that the log is whole and JetStream equal to it, and notices when they are not', async () => {
    const verified = await deskwire.json(['events', 'verify']);
    expect(verified.findings).toEqual([]);
    expect(verified.jetStream.compared).toBe(verified.events);

    const { rows } = await pool.query<{ metadata: string }>(
      'select metadata::text from deskwire.events where position = 7',
    );
    await pool.query(`update deskwire.events set metadata = '{"tampered": true}' where position = 7`);
    const tampered = await deskwire.run('events', 'verify');
    expect(tampered.code).toBe(4);
    expect(tampered.stdout).toContain('position 7 is not the same in JetStream and in the log');
    await pool.query('update deskwire.events set metadata = $1 where position = 7', [rows[0]?.metadata]);

    await pool.query(
      'create table kept as select * from deskwire.events where position = 8; delete from deskwire.events where position = 8',
    );
    const holed = await deskwire.json(['events', 'verify'], 4);
    expect(holed.findings[0]).toMatch(/there are \d+ events up to position \d+/);
    expect(holed.findings).toContainEqual(expect.stringMatching(/^user\..+ has 0 events|position 8/));
    await pool.query('insert into deskwire.events select * from kept; drop table kept');
    expect((await deskwire.run('events', 'verify')).code).toBe(0);
  }, 60_000);

  it('migrates, and says what is pending', async () => {
    expect(await deskwire.run('migrate')).toMatchObject({ code: 0, stdout: 'Nothing was pending.\n' });
    expect(await deskwire.json(['migrate', '--pending'])).toEqual({ pending: [] });
    const name = `deskwire_bare_${Date.now()}`;
    await pool.query(`create database ${name}`);
    try {
      const bareUrl = new URL(database.url);
      bareUrl.pathname = `/${name}`;
      const bare = commandsOn({ ...env, DATABASE_URL: bareUrl.href });
      expect((await bare.run('projections', 'list')).stderr).toContain('run `deskwire migrate`');
      expect((await bare.json(['migrate', '--pending'], 4)).pending).toContain('0001_event_log');
      expect((await bare.run('doctor')).stdout).toContain('pending: 0001_event_log');
      expect((await bare.json(['migrate'])).migrated).toContain('0001_event_log');
      expect((await bare.run('projections', 'list')).stdout).toContain('missing');
    } finally {
      await pool.query(`drop database ${name} with (force)`);
    }
  });

  it('says so when no server runs', async () => {
    server.signal('SIGTERM');
    expect(await server.exited).toBe(0);
    const { code, stdout } = await deskwire.run('doctor');
    expect(code).toBe(4);
    expect(stdout).toContain('ERROR    relay');
    expect(stdout).toMatch(/nobody runs it.*\n.*→ start a server/);
    expect((await deskwire.run('projections', 'rebuild', '--all')).code).toBe(0);
    await startServer();
    await until(async () => (await errorsFound()).length === 0, 'the system to be healthy again', {
      timeoutMs: 20_000,
    });
  }, 60_000);

  it('serves as npm start does', async () => {
    const served = deskwire.launch('serve');
    await until(() => /Deskwire is ready at (\S+)/.test(served.stdout()), 'the server', { timeoutMs: 20_000 }).catch(
      (error: unknown) => {
        throw new Error(`${served.stderr()}${served.stdout()}`, { cause: error });
      },
    );
    served.signal('SIGTERM');
    expect((await served.finished).code).toBe(0);
  });
});
