import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DEFAULT_SCHEMAS, projectionNames } from '../../../src/projections/catalog.ts';
import { until } from '../../support/until.ts';
import { rowsOf } from '../projections/rig.ts';
import type { Commands } from './command.ts';
import { appendMany, openTicket, type System, startSystem } from './system.ts';

let system: System;
let deskwire: Commands;

beforeAll(async () => {
  system = await startSystem();
  ({ deskwire } = system);
});

afterAll(() => system[Symbol.asyncDispose]());

describe('deskwire projections', () => {
  it('shows the state of projections, for people and for programs', async () => {
    const { stdout } = await deskwire.run('projections', 'list');
    for (const name of projectionNames()) expect(stdout).toMatch(new RegExp(`^${name} +\\d+ +active`, 'm'));
    const statuses = await deskwire.json(['projections', 'list']);
    expect(statuses.map((status: { name: string }) => status.name)).toEqual(projectionNames());
    expect(statuses[0]).toMatchObject({ serving: { running: true, current: true, paused: false, lag: 0 } });
  });

  it('pauses and resumes the projection of a running server', async () => {
    const driver = await system.signIn('driver@example.com');
    expect(await deskwire.run('projections', 'pause', 'tickets')).toMatchObject({
      code: 0,
      stdout: 'tickets is paused.\n',
    });
    expect((await deskwire.run('projections', 'pause', 'tickets')).code).toBe(3);
    const { position } = await openTicket(driver);
    expect((await system.statusOf('tickets')).serving).toMatchObject({ paused: true, running: true });
    expect((await system.statusOf('tickets')).serving.position).toBeLessThan(position);
    expect((await system.anonymous().send('GET', '/readyz')).body.checks.projections).toBe('degraded');
    expect((await deskwire.run('projections', 'resume', 'tickets')).code).toBe(0);
    await until(async () => (await system.statusOf('tickets')).serving.lag === 0, 'the projection to go on');
    expect((await system.anonymous().send('GET', '/readyz')).body.checks.projections).toBe('ok');
  });

  it('lists, shows, retries and skips what a projection could not handle', async () => {
    const { tickets } = DEFAULT_SCHEMAS;
    const [driver, admin] = await Promise.all([
      system.signIn('driver@example.com'),
      system.signIn('admin@example.com'),
    ]);
    await system.pool.query(`alter table ${tickets}.tickets add constraint no check (description not like 'poison%')`);
    const poisoned = [await openTicket(driver, 'poison 1'), await openTicket(driver, 'poison 2')];
    for (const { id } of poisoned) await admin.send('POST', `/api/tickets/${id}/chat`, { message: 'behind it' });
    const fine = await openTicket(driver);
    await until(async () => (await system.statusOf('tickets')).serving.parked.events === 4, 'the events to be parked');
    expect((await admin.send('GET', `/api/v1/support/${fine.id}`)).status).toBe(200);
    expect(await system.anonymous().send('GET', '/readyz')).toMatchObject({
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
    await system.pool.query(`alter table ${tickets}.tickets drop constraint no`);
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
    // A rebuild reads the event from the log again.
    expect((await deskwire.run('projections', 'rebuild', 'tickets')).code).toBe(0);
    expect((await admin.send('GET', `/api/v1/support/${poisoned[1]?.id}`)).status).toBe(200);
  });

  // Ten commands, half of them rebuilds of a long history.
  it('rebuilds under load, continues after kill -9, rolls back, and drops old tables', {
    timeout: 300_000,
  }, async () => {
    const [driver, admin] = await Promise.all([
      system.signIn('driver@example.com'),
      system.signIn('admin@example.com'),
    ]);
    const { id } = await openTicket(driver);
    await appendMany(system.pool, 'ticket.long', 60);
    await until(async () => (await system.statusOf('messages')).serving.lag === 0, 'the history to be projected', {
      timeoutMs: 60_000,
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
    const interrupted = await system.statusOf('messages');
    expect(interrupted.next).toMatchObject({ version: interrupted.version });
    await until(
      async () => !(await system.statusOf('messages')).next?.running,
      'the connection of the killed one to end',
    );
    expect((await deskwire.run('doctor')).stdout).toContain('a rebuild was interrupted');

    const rebuilt = await deskwire.run('projections', 'rebuild', 'messages', 'notifications');
    expect(rebuilt).toMatchObject({ code: 0, stdout: expect.stringContaining('rebuilt and serving after') });
    expect(rebuilt.stderr).toContain('messages: done');
    const rolledBack = await deskwire.run('projections', 'rollback', 'messages');
    expect(rolledBack.code).toBe(0);
    working = false;
    await work;
    expect(failures).toEqual([]);

    await until(async () => (await system.statusOf('messages')).serving.lag === 0, 'everything to be projected');
    const all = await deskwire.run('projections', 'rebuild', '--all');
    expect(all.code, all.stderr).toBe(0);
    for (const schema of Object.values(DEFAULT_SCHEMAS)) {
      const [now, before] = [
        await rowsOf(system.pool, { it: schema }),
        await rowsOf(system.pool, { it: `${schema}_previous` }),
      ];
      expect(Object.values(now)).toEqual(Object.values(before));
    }
    const { dropped } = await deskwire.json(['projections', 'drop-old', '--all']);
    expect(dropped).toEqual(projectionNames().map((name) => `${DEFAULT_SCHEMAS[name]}_previous`));
    expect((await deskwire.run('projections', 'drop-old', '--all')).stdout).toBe('There is nothing old.\n');
    expect((await deskwire.run('projections', 'rollback', 'messages')).code).toBe(3);
  });

  it('ends with 130 on Ctrl-C, and aborts a rebuild', async () => {
    const stopped = deskwire.launch('projections', 'rebuild', 'messages', '--json');
    await until(() => stopped.stderr().includes('"filling"'), 'the rebuild to begin', { everyMs: 1 });
    stopped.signal('SIGINT');
    expect(await stopped.finished).toMatchObject({ code: 130, stdout: '' });
    expect((await system.statusOf('messages')).next).toMatchObject({ running: false });
    expect((await deskwire.run('projections', 'abort', 'messages')).code).toBe(0);
    expect((await deskwire.run('projections', 'abort', 'messages')).code).toBe(3);
    expect((await system.statusOf('messages')).next).toBeUndefined();
  });
});
