/** Actors with a void or old state: history was replaced, or another node recorded events. */
import { beforeEach, describe, expect, it } from 'vitest';
import { agent, driver } from '../domain/people.ts';
import { become, open, post } from '../domain/ticket-commands.ts';
import { context, MemorySnapshots, newEvent, opened, posted, startActors } from './desk.ts';
import { gate, MemoryLog } from './memory-log.ts';

let log: MemoryLog;
beforeEach(() => {
  log = new MemoryLog();
});

/** Replaces the events of the log after its first ones. */
function replaceHistory(keep: number, ...others: ReturnType<typeof newEvent>[]): void {
  log.events.splice(keep);
  if (others.length > 0) log.record('ticket.t', ...others);
}

const closed = () => newEvent({ type: 'TicketChanged', data: { changes: { status: { from: 'open', to: 'closed' } } } });

describe('after history was replaced', () => {
  it('an actor decides on the new history, also at the same version', async () => {
    const actors = startActors(log);
    const give = (command: Parameters<typeof actors.execute<'ticket'>>[2], by = driver) =>
      actors.execute('ticket', 't', command, context(by));
    await give(open());
    await give(post('lost'));
    replaceHistory(1, closed());
    actors.forget();
    await expect(give(post('into a closed ticket'))).rejects.toMatchObject({ code: 'conflict' });
    expect((await actors.read('ticket', 't')).state.status).toBe('closed');
    await actors.close();
  });

  it('a command is not answered from remembered outcomes of the lost history', async () => {
    const actors = startActors(log);
    await actors.execute('ticket', 't', open(), context(driver));
    const again = context(driver);
    await actors.execute('ticket', 't', post('lost'), again);
    replaceHistory(1);
    actors.forget();
    const repeated = await actors.execute('ticket', 't', post('lost'), again);
    expect(repeated).toMatchObject({ duplicate: false, version: 2 });
    expect(log.stream('ticket.t')).toHaveLength(2);
    await actors.close();
  });

  it('an activation under way starts again', async () => {
    log.record('ticket.t', newEvent(opened()), newEvent(posted('lost')));
    const actors = startActors(log);
    const door = gate();
    log.beforeRead = () => door.opened;
    const reading = actors.read('ticket', 't');
    const lost = [...log.events];
    // The read answers with the old history, which is lost by then.
    log.reader.readStreams = async () => {
      await door.opened;
      log.reader.readStreams = new MemoryLog().reader.readStreams;
      return [lost];
    };
    replaceHistory(0);
    actors.forget();
    door.open();
    expect((await reading).state.exists).toBe(false);
    await actors.close();
  });

  it('the state of a round under way is dropped', async () => {
    const actors = startActors(log);
    await actors.execute('ticket', 't', open(), context(driver));
    const { release, reached } = log.holdNextAppend();
    const posting = actors.execute('ticket', 't', post('on its way'), context(driver));
    await reached;
    actors.forget();
    release();
    await posting;
    replaceHistory(1, closed());
    expect((await actors.read('ticket', 't')).state.status).toBe('closed');
    await actors.close();
  });

  it('no snapshot of the old state is written', async () => {
    const snapshots = new MemorySnapshots();
    const actors = startActors({ appender: log.appender, reader: log.reader, snapshots });
    await actors.execute('ticket', 't', open(), context(driver));
    for (let number = 0; number < 100; number++) {
      await actors.execute('ticket', 't', post(`${number}`), context(driver));
    }
    actors.forget();
    await actors.close();
    expect(snapshots.held.size).toBe(0);
  });
});

describe('a read', () => {
  it('shows events that another node recorded since', async () => {
    const actors = startActors(log);
    await actors.execute('ticket', 't', open(), context(driver));
    log.record('ticket.t', closed());
    expect(await actors.read('ticket', 't')).toMatchObject({ version: 2, state: { status: 'closed' } });
    await actors.close();
  });

  it('during a round does not change the state of the round', async () => {
    const actors = startActors(log);
    await actors.execute('ticket', 't', open(), context(driver));
    const { release, reached } = log.holdNextAppend();
    const changing = actors.execute('ticket', 't', become('pending'), context(agent));
    await reached;
    log.record('ticket.t', newEvent(posted('meanwhile')));
    expect((await actors.read('ticket', 't')).version).toBe(2);
    release();
    expect(await changing).toMatchObject({ version: 3, state: { status: 'pending' } });
    await actors.close();
  });
});

describe('a command whose caller no longer waits', () => {
  it('is not decided', async () => {
    let now = 1_000;
    const actors = startActors({ appender: log.appender, reader: log.reader, now: () => now });
    await actors.execute('ticket', 't', open(), context(driver));
    const { release, reached } = log.holdNextAppend();
    const first = actors.execute('ticket', 't', post('first'), context(driver));
    await reached;
    const late = actors.execute('ticket', 't', post('late'), context(driver, undefined, { notAfter: 2_000 }));
    const inTime = actors.execute('ticket', 't', post('in time'), context(driver, undefined, { notAfter: 4_000 }));
    now = 3_000;
    release();
    await Promise.all([first, inTime]);
    await expect(late).rejects.toMatchObject({ code: 'unavailable' });
    expect(log.stream('ticket.t')).toHaveLength(3);
    await actors.close();
  });
});
