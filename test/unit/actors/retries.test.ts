/** Commands that come twice, and appends with an unknown outcome. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ActorSystem } from '../../../src/actors/actor-system.ts';
import type { Stream } from '../../../src/domain/event.ts';
import { admin, driver, otherDriver } from '../domain/people.ts';
import { open, post, readUpTo } from '../domain/ticket-commands.ts';
import { context, newEvent, posted, startActors } from './desk.ts';
import { MemoryLog, unreachable } from './memory-log.ts';

const stream: Stream = 'ticket.t';
let log: MemoryLog;
let actors: ActorSystem;

beforeEach(() => {
  log = new MemoryLog();
  actors = startActors(log);
});
afterEach(() => actors.close());

function give(command: Parameters<typeof actors.execute<'ticket'>>[2], by = driver, ...more: [string?, object?]) {
  return actors.execute('ticket', 't', command, context(by, ...more));
}

describe('a duplicate', () => {
  it('in one mailbox gets the outcome of the first', async () => {
    await give(open());
    const [first, second] = await Promise.all([give(post('a'), driver, 'c'), give(post('a'), driver, 'c')]);
    expect(second).toMatchObject({ events: first.events, duplicate: true });
    expect(log.stream(stream)).toHaveLength(2);
  });

  it('in one round gets the outcome of the first, a refusal too', async () => {
    await give(open());
    const { release, reached } = log.holdNextAppend();
    const held = give(post('a'));
    await reached;
    const twins = [give(post('b'), driver, 'b'), give(post('b'), driver, 'b')];
    const refused = [give(post('x'), otherDriver, 'x'), give(post('x'), otherDriver, 'x')];
    release();
    await held;
    expect((await Promise.all(twins)).map((outcome) => outcome.duplicate)).toEqual([false, true]);
    for (const refusal of refused) await expect(refusal).rejects.toMatchObject({ code: 'not_found' });
  });

  it('of a recent command is answered without a question to the log', async () => {
    await give(open());
    await give(post('a'), driver, 'c');
    const appends = log.asked.append.length;
    await expect(give(post('a'), driver, 'c')).resolves.toMatchObject({ duplicate: true, version: 2 });
    expect(log.asked.append).toHaveLength(appends);
    expect(log.asked.readCommands).toEqual([]);
  });

  it('of a command of another process is answered with its events, and other commands of the round are recorded', async () => {
    await give(open());
    const { release, reached } = log.holdNextAppend();
    const held = give(post('a'));
    await reached;
    const round = [give(post('b'), driver, 'b'), give(post('c'), driver, 'c'), give(post('d'), driver, 'd')];
    release();
    await held;
    log.record(stream, newEvent(posted('c'), 'c'));
    const [b, c, d] = await Promise.all(round);
    expect(c).toMatchObject({ duplicate: true, events: [{ version: 3 }] });
    expect(c?.version).toBeGreaterThanOrEqual(3);
    expect([b?.duplicate, d?.duplicate]).toEqual([false, false]);
    expect(
      log
        .stream(stream)
        .map((event) => event.metadata.commandId)
        .slice(2),
    ).toEqual(['c', 'b', 'd']);
  });
});

describe('an append whose answer is lost', () => {
  it('is answered as unavailable, and its retry with the recorded events', async () => {
    await give(open());
    log.afterAppend = unreachable;
    await expect(give(post('a'), driver, 'c')).rejects.toMatchObject({ code: 'unavailable' });
    log.afterAppend = () => undefined;
    await expect(give(post('a'), driver, 'c')).resolves.toMatchObject({ duplicate: true, version: 2 });
    expect(log.stream(stream)).toHaveLength(2);
  });

  it('that never happened is recorded by the retry', async () => {
    await give(open());
    log.beforeAppend = unreachable;
    await expect(give(post('a'), driver, 'c')).rejects.toMatchObject({ code: 'unavailable' });
    log.beforeAppend = () => undefined;
    await expect(give(post('a'), driver, 'c')).resolves.toMatchObject({ duplicate: false, version: 2 });
  });

  it('fails no later command', async () => {
    await give(open());
    const { release, reached } = log.holdNextAppend();
    log.afterAppend = () => {
      log.afterAppend = () => undefined;
      unreachable();
    };
    const lost = give(post('a'));
    await reached;
    const after = give(readUpTo(2), admin);
    release();
    await expect(lost).rejects.toMatchObject({ code: 'unavailable' });
    await expect(after).resolves.toMatchObject({ version: 3 });
  });

  it('answers unavailable in place of a refusal when the log cannot be read', async () => {
    await give(open());
    log.beforeRead = unreachable;
    await expect(give(post('x'), otherDriver)).rejects.toMatchObject({ code: 'unavailable' });
  });
});
