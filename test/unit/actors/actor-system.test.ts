/** The actors of a process: activation, passivation, snapshots, limits, closing. */
import { describe, expect, it, onTestFinished } from 'vitest';
import type { ActorSystem } from '../../../src/actors/actor-system.ts';
import type { ActorLimits } from '../../../src/actors/local-actor-system.ts';
import { deciders } from '../../../src/domain/deciders.ts';
import type { DomainEvent } from '../../../src/domain/event.ts';
import { until } from '../../support/until.ts';
import { driver } from '../domain/people.ts';
import { open, post } from '../domain/ticket-commands.ts';
import { context, foldTicket, MemorySnapshots, newEvent, opened, posted, recordingLog, startActors } from './desk.ts';
import { gate, MemoryLog } from './memory-log.ts';

function start(limits: Partial<ActorLimits> = {}) {
  const log = new MemoryLog();
  const snapshots = new MemorySnapshots();
  const { logged, log: logger } = recordingLog();
  const clock = { time: 0 };
  const refused: string[] = [];
  const onRefused = (bound: string) => void refused.push(bound);
  const actors = startActors({ ...log, snapshots, log: logger, now: () => clock.time, limits, onRefused });
  onTestFinished(() => actors.close());
  return { log, snapshots, logged, actors, clock, refused };
}

const openTicket = (actors: ActorSystem, id: string) => actors.execute('ticket', id, open(), context(driver));
const postIn = (actors: ActorSystem, id: string, message = 'hello') =>
  actors.execute('ticket', id, post(message), context(driver));

function recordLong(log: MemoryLog, id: string, length: number): void {
  const messages = Array.from({ length: length - 1 }, (_, n): DomainEvent => posted(`${n}`));
  log.record(`ticket.${id}`, ...[opened(), ...messages].map((event) => newEvent(event)));
}

describe('activation', () => {
  it('loads a stream once for concurrent commands', async () => {
    const { log, actors } = start();
    log.record('ticket.t', newEvent(opened()));
    const states = await Promise.all(Array.from({ length: 20 }, () => actors.read('ticket', 't')));
    expect(new Set(states).size).toBe(1);
    expect(log.asked.readStreams).toHaveLength(1);
  });

  it('reads many streams in one statement', async () => {
    const { log, actors } = start();
    await Promise.all(Array.from({ length: 50 }, (_, n) => actors.read('ticket', `t${n}`)));
    expect(log.asked.readStreams).toHaveLength(1);
  });

  it('that fails rejects all waiting commands, and the next command tries again', async () => {
    const { log, actors } = start();
    log.record('ticket.t', newEvent(opened()));
    log.beforeRead = () => Promise.reject(new Error('no database'));
    const failed = await Promise.allSettled([actors.read('ticket', 't'), postIn(actors, 't'), postIn(actors, 't')]);
    expect(failed).toMatchObject(failed.map(() => ({ status: 'rejected', reason: { code: 'unavailable' } })));
    log.beforeRead = () => undefined;
    await expect(postIn(actors, 't')).resolves.toMatchObject({ version: 2 });
  });

  it('of a long stream starts from its snapshot and equals a fold from the beginning', async () => {
    const { log, snapshots, actors } = start();
    recordLong(log, 't', 1_200);
    const events = log.stream('ticket.t');
    const state = foldTicket(events.slice(0, 1_000));
    const { stateVersion } = deciders.ticket;
    snapshots.held.set('ticket.t', { stream: 'ticket.t', version: 1_000, stateVersion, state });
    await expect(actors.read('ticket', 't')).resolves.toMatchObject({ version: 1_200, state: foldTicket(events) });
    expect(log.asked.readStreams.flat()).toMatchObject([{ after: 0 }, { after: 1_000 }]);
  });

  it('ignores snapshots of another state version, and snapshots that cannot be read', async () => {
    const { log, snapshots, actors, logged } = start();
    recordLong(log, 't', 600);
    recordLong(log, 'u', 600);
    snapshots.held.set('ticket.t', { stream: 'ticket.t', version: 599, stateVersion: 99, state: 'nonsense' });
    await expect(actors.read('ticket', 't')).resolves.toMatchObject({ state: foldTicket(log.stream('ticket.t')) });
    snapshots.load = () => Promise.reject(new Error('no table'));
    await expect(actors.read('ticket', 'u')).resolves.toMatchObject({ state: foldTicket(log.stream('ticket.u')) });
    expect(logged.warnings).toHaveLength(1);
  });

  it('refuses ids that the log cannot store', async () => {
    const { actors, log } = start();
    for (const id of ['', 'a\0b', '\ud800', 'x'.repeat(401)]) {
      await expect(actors.read('ticket', id)).rejects.toMatchObject({ code: 'invalid_payload', field: 'id' });
      await expect(actors.execute('ticket', 't', open(), context(driver, id))).rejects.toMatchObject({
        code: 'invalid_payload',
        field: 'commandId',
      });
    }
    expect(log.asked.readStreams).toEqual([]);
  });
});

describe('passivation', () => {
  it('takes the longest unused actor when there are too many', async () => {
    const { log, actors } = start({ actors: 2 });
    await openTicket(actors, 'a');
    await openTicket(actors, 'b');
    await postIn(actors, 'a');
    await openTicket(actors, 'c');
    const before = log.asked.readStreams.length;
    await postIn(actors, 'a');
    expect(log.asked.readStreams).toHaveLength(before);
    await postIn(actors, 'b');
    expect(log.asked.readStreams).toHaveLength(before + 1);
  });

  it('never takes a busy actor', async () => {
    const { log, actors } = start({ actors: 1 });
    await openTicket(actors, 'busy');
    const door = gate();
    log.beforeAppend = ({ stream }) => (stream === 'ticket.busy' ? door.opened : undefined);
    const held = postIn(actors, 'busy', 'held');
    const waiting = postIn(actors, 'busy', 'waiting');
    for (const id of ['a', 'b', 'c']) await openTicket(actors, id);
    door.open();
    await Promise.all([held, waiting]);
    expect(log.stream('ticket.busy').map((event) => event.version)).toEqual([1, 2, 3]);
    // A second actor on the same stream would have read it again.
    expect(log.asked.readStreams.flat().filter((range) => range.stream === 'ticket.busy')).toHaveLength(1);
  });

  it('takes actors that were idle too long', async () => {
    const { log, snapshots, actors, clock } = start({ idle: 20 });
    recordLong(log, 't', 100);
    const { state } = await actors.read('ticket', 't');
    clock.time = 20;
    await until(() => snapshots.held.has('ticket.t'), 'the actor to be passivated');
    expect((await actors.read('ticket', 't')).state).toEqual(state);
  });

  it('keeps no actor of a stream that does not exist', async () => {
    const { log, actors } = start();
    await actors.read('ticket', 'none');
    await actors.read('ticket', 'none');
    expect(log.asked.readStreams).toHaveLength(2);
  });
});

describe('snapshots', () => {
  it('are written every given number of versions, in the background', async () => {
    const { log, snapshots, actors } = start({ snapshotEvery: 10 });
    const door = gate();
    snapshots.beforeSave = () => door.opened;
    await openTicket(actors, 't');
    for (let n = 0; n < 30; n++) await postIn(actors, 't');
    expect(snapshots.held.size).toBe(0);
    door.open();
    await until(() => snapshots.held.get('ticket.t')?.version === 30, 'the newest snapshot');
    expect(snapshots.held.get('ticket.t')?.state).toEqual(foldTicket(log.stream('ticket.t').slice(0, 30)));
  });

  it('that cannot be written are logged, and commands are still answered', async () => {
    const { snapshots, actors, logged } = start({ snapshotEvery: 2 });
    snapshots.beforeSave = () => Promise.reject(new Error('disk full'));
    await openTicket(actors, 't');
    await postIn(actors, 't');
    await until(() => logged.warnings.length > 0, 'the warning');
    await expect(postIn(actors, 't')).resolves.toMatchObject({ version: 3 });
  });

  it('are written on passivation if the stream has grown long since the last one', async () => {
    const { snapshots, actors } = start();
    await openTicket(actors, 'short');
    await openTicket(actors, 'long');
    await Promise.all(Array.from({ length: 100 }, () => postIn(actors, 'long')));
    await actors.close();
    expect([...snapshots.held.values()]).toMatchObject([{ stream: 'ticket.long', version: 101 }]);
  });
});

describe('limits', () => {
  it('refuse commands beyond those of one mailbox, none of other mailboxes, and accept their retry', async () => {
    const { log, actors, refused } = start({ mailbox: 3 });
    await openTicket(actors, 'other');
    await openTicket(actors, 't');
    const door = gate();
    const arrival = gate();
    log.beforeAppend = () => {
      arrival.open();
      return door.opened;
    };
    const held = postIn(actors, 't');
    await arrival.opened;
    const late = context(driver);
    const all = [held, ...Array.from({ length: 3 }, () => postIn(actors, 't'))];
    const one = () => actors.execute('ticket', 't', post('late'), late);
    await expect(one()).rejects.toMatchObject({ code: 'unavailable', retryAfter: 1 });
    expect(refused).toEqual(['mailbox']);
    const elsewhere = postIn(actors, 'other');
    door.open();
    await expect(Promise.all([...all, elsewhere])).resolves.toHaveLength(5);
    await expect(one()).resolves.toMatchObject({ version: 6, duplicate: false });
    await expect(one()).resolves.toMatchObject({ version: 6, duplicate: true });
  });

  it('refuse commands beyond those of the process, and accept them again afterwards', async () => {
    const { log, actors, refused } = start({ inFlight: 2 });
    const door = gate();
    log.beforeAppend = () => door.opened;
    const all = ['a', 'b', 'c'].map((id) => openTicket(actors, id));
    await expect(all[2]).rejects.toMatchObject({ code: 'unavailable', retryAfter: 1 });
    expect(refused).toEqual(['commands']);
    door.open();
    await Promise.all(all.slice(0, 2));
    await expect(openTicket(actors, 'c')).resolves.toMatchObject({ version: 1 });
  });
});

describe('closing', () => {
  it('finishes the mailboxes and refuses later commands', async () => {
    const { log, actors } = start();
    await openTicket(actors, 't');
    const door = gate();
    log.beforeAppend = () => door.opened;
    const accepted = Array.from({ length: 5 }, () => postIn(actors, 't'));
    let closed = false;
    const closing = actors.close().then(() => {
      closed = true;
    });
    await expect(postIn(actors, 't')).rejects.toMatchObject({ code: 'unavailable' });
    await expect(actors.read('ticket', 't')).rejects.toMatchObject({ code: 'unavailable' });
    expect(closed).toBe(false);
    door.open();
    await closing;
    await expect(Promise.all(accepted)).resolves.toHaveLength(5);
    expect(log.stream('ticket.t')).toHaveLength(6);
  });
});
