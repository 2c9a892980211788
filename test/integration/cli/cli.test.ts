import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../../support/until.ts';
import { type Commands, commandsOn } from './command.ts';
import { openTicket, type System, startSystem } from './system.ts';

let system: System;
let deskwire: Commands;

beforeAll(async () => {
  system = await startSystem();
  ({ deskwire } = system);
});

afterAll(() => system[Symbol.asyncDispose]());

/** The doctor's faults, without durability: the PostgreSQL of tests runs without fsync on purpose. */
async function errorsFound(commands: Commands): Promise<string[]> {
  const { stdout } = await commands.run('doctor', '--json');
  const findings: { about: string; grade: string; finding: string }[] = JSON.parse(stdout);
  return findings
    .filter(({ about, grade }) => grade === 'error' && about !== 'durability')
    .map(({ about, finding }) => `${about}: ${finding}`);
}

describe('the deskwire command', () => {
  it('prints its help, and refuses a wrong command line with exit code 2', async () => {
    const help = await deskwire.run('--help');
    expect(help).toMatchObject({ code: 0, stderr: '' });
    for (const word of ['serve', 'migrate', 'doctor', 'projections', 'events', 'users', 'token', 'Exit codes']) {
      expect(help.stdout).toContain(word);
    }
    expect((await deskwire.run('projections', 'rebuild', '--help')).stdout).toContain(
      'the next rebuild continues where it was',
    );
    for (const args of [['nonsense'], ['projections', 'pause', 'nothing'], ['projections', 'rebuild'], []]) {
      const refused = await deskwire.run(...args);
      expect(refused.code).toBe(2);
      expect(refused.stdout).toBe('');
    }
  });

  it('prints in one line what is missing when no system can be found', async () => {
    const nowhere = commandsOn({ DATA_DIR: '/nowhere/at/all' });
    const refused = await nowhere.run('projections', 'list');
    expect(refused).toMatchObject({ code: 1, stdout: '' });
    expect(refused.stderr).toBe(
      'deskwire: no server is running on /nowhere/at/all: start it (npm start), or set DATABASE_URL and NATS_URL, or DATA_DIR.\n',
    );
  });

  it('finds a healthy system healthy', async () => {
    await until(async () => (await errorsFound(deskwire)).length === 0, 'the system to be healthy', {
      timeoutMs: 60_000,
    });
  });

  it('rotates the key of the cluster, and stays healthy', async () => {
    for (const args of [[], ['--now']]) {
      const rotated = await deskwire.run('cluster-key', 'rotate', ...args, '--json');
      expect(rotated).toMatchObject({ code: 0, stderr: '' });
      expect(JSON.parse(rotated.stdout)).toMatchObject({ signs: args.length > 0 ? 'now' : 'in a minute' });
    }
    await openTicket(await system.signIn('driver@example.com'), 'After the rotation');
    await until(async () => (await errorsFound(deskwire)).length === 0, 'the system to be healthy', {
      timeoutMs: 60_000,
    });
  });

  it('finds faults, and advises what to do', async () => {
    const wrong = commandsOn({ ...system.env, PORT: 'eighty' });
    const { code, stdout, stderr } = await wrong.run('doctor');
    expect(code).toBe(4);
    expect(stdout).toContain('ERROR  configuration  PORT must be a whole number');
    expect(stderr).toMatch(/^deskwire: \d+ errors?\.$/m);
    const unreachable = await commandsOn({ ...system.env, DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none' }).run(
      'doctor',
    );
    expect(unreachable.code).toBe(4);
    expect(unreachable.stdout).toContain('cannot be reached');
    expect(unreachable.stdout).toContain('→ start it, or correct DATABASE_URL');
    const brokerless = await commandsOn({ ...system.env, NATS_URL: 'nats://127.0.0.1:1' }).run('doctor');
    expect(brokerless.code).toBe(4);
    expect(brokerless.stdout).toMatch(
      /ERROR +broker +no nats-server can be reached at 127\.0\.0\.1:1 \(connect ECONNREFUSED.*\n.*→ start it with JetStream on/,
    );
  });

  it('adds a user, changes their role, and deactivates them at once', async () => {
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
    const someone = await system.signIn('new@example.com', 'correct horse battery');
    expect((await someone.send('GET', '/api/v1/support')).status).toBe(200);
    const again = ['users', 'add', 'new@example.com', '--name', 'New', '--role', 'agent'];
    expect(await deskwire.run(...again)).toMatchObject({ code: 3, stderr: 'deskwire: new@example.com is taken.\n' });

    expect(await deskwire.json(['users', 'role', 'new@example.com', 'admin'])).toMatchObject({
      id: 'new-1',
      role: 'admin',
    });
    const { body } = await (await system.signIn('admin@example.com')).send('GET', '/api/v1/users/new-1');
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

  it('generates a password when none is given, and prints it once', async () => {
    const made = await deskwire.json(['users', 'add', 'made@example.com', '--name', 'Made', '--role', 'driver']);
    expect(made).toMatchObject({ email: 'made@example.com', role: 'driver' });
    await system.signIn('made@example.com', made.password);
  });

  it('prints a valid token', async () => {
    const { code, stdout } = await deskwire.run('token', 'admin@example.com');
    expect(code).toBe(0);
    expect((await system.withToken(stdout.trim()).send('GET', '/api/v1/support')).status).toBe(200);
  });

  it('shows and follows the log', async () => {
    const shown = await deskwire.json(['events', 'show', 'user.1']);
    expect(shown[0]).toMatchObject({ stream: 'user.1', version: 1, type: 'UserRegistered' });
    expect((await deskwire.run('events', 'show', 'user.none')).code).toBe(3);
    expect((await deskwire.run('events', 'show', 'nonsense')).code).toBe(2);

    const tail = deskwire.launch('events', 'tail', '--lines', '1');
    await until(() => tail.stdout() !== '', 'the newest event');
    const { id } = await openTicket(
      await system.signIn('driver@example.com'),
      'what nobody should read over a shoulder',
    );
    await until(() => tail.stdout().includes(`ticket.${id}@1  TicketOpened  by 1 (driver)`), 'the ticket');
    expect(tail.stdout()).not.toContain('over a shoulder');
    tail.signal('SIGINT');
    await tail.finished;
  });

  it('ends silently when its reader closes the pipe', async () => {
    const tail = deskwire.launch('events', 'tail', '--lines', '1');
    await until(() => tail.stdout() !== '', 'the newest event');
    tail.hangUp();
    await openTicket(await system.signIn('driver@example.com'));
    expect(await tail.finished).toMatchObject({ code: 0, stderr: '' });
  });

  it('verifies that the log has no gaps and JetStream equals it, and reports differences', async () => {
    const verified = await deskwire.json(['events', 'verify']);
    expect(verified.findings).toEqual([]);
    expect(verified.jetStream.compared).toBe(verified.events);

    const { rows } = await system.pool.query<{ metadata: string }>(
      'select metadata::text from deskwire.events where position = 7',
    );
    await system.pool.query(`update deskwire.events set metadata = '{"tampered": true}' where position = 7`);
    const tampered = await deskwire.run('events', 'verify');
    expect(tampered.code).toBe(4);
    expect(tampered.stdout).toContain('position 7 is not the same in JetStream and in the log');
    await system.pool.query('update deskwire.events set metadata = $1 where position = 7', [rows[0]?.metadata]);

    await system.pool.query(
      'create table kept as select * from deskwire.events where position = 8; delete from deskwire.events where position = 8',
    );
    const holed = await deskwire.json(['events', 'verify'], 4);
    expect(holed.findings[0]).toMatch(/there are \d+ events up to position \d+/);
    expect(holed.findings).toContainEqual(expect.stringMatching(/^user\..+ has 0 events|position 8/));
    await system.pool.query('insert into deskwire.events select * from kept; drop table kept');
    expect((await deskwire.run('events', 'verify')).code).toBe(0);
  });

  it('migrates, and lists pending migrations', async () => {
    expect(await deskwire.run('migrate')).toMatchObject({ code: 0, stdout: 'Nothing was pending.\n' });
    expect(await deskwire.json(['migrate', '--pending'])).toEqual({ pending: [] });
    const name = `deskwire_bare_${Date.now()}`;
    await system.pool.query(`create database ${name}`);
    try {
      const bareUrl = new URL(system.env.DATABASE_URL);
      bareUrl.pathname = `/${name}`;
      const bare = commandsOn({ ...system.env, DATABASE_URL: bareUrl.href });
      expect((await bare.run('projections', 'list')).stderr).toContain('run `deskwire migrate`');
      expect((await bare.json(['migrate', '--pending'], 4)).pending).toContain('0001_event_log');
      expect((await bare.run('doctor')).stdout).toContain('pending: 0001_event_log');
      // A deployment runs this step before the broker exists.
      const early = commandsOn({ DATABASE_URL: bareUrl.href });
      expect((await early.json(['migrate'])).migrated).toContain('0001_event_log');
      expect((await bare.run('projections', 'list')).stdout).toContain('missing');
    } finally {
      await system.pool.query(`drop database ${name} with (force)`);
    }
  });

  it('reports that no server runs', async () => {
    await system.stopServer();
    const { code, stdout } = await deskwire.run('doctor');
    expect(code).toBe(4);
    expect(stdout).toContain('ERROR    relay');
    expect(stdout).toMatch(/nobody runs it.*\n.*→ start a server/);
    expect((await deskwire.run('projections', 'rebuild', '--all')).code).toBe(0);
    await system.startServer();
    await until(async () => (await errorsFound(deskwire)).length === 0, 'the system to be healthy again', {
      timeoutMs: 60_000,
    });
  });

  it('serves as npm start does', async () => {
    const served = deskwire.launch('serve');
    await until(() => /Deskwire is ready at (\S+)/.test(served.stdout()), 'the server', { timeoutMs: 60_000 }).catch(
      (error: unknown) => {
        throw new Error(`${served.stderr()}${served.stdout()}`, { cause: error });
      },
    );
    served.signal('SIGTERM');
    expect((await served.finished).code).toBe(0);
  });
});
