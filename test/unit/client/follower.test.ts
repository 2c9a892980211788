/** Tests how a stream is followed: the cursor, repeated events, early events, and loading afresh. */
import { describe, expect, it } from 'vitest';
import { createBackoff } from '../../../src/client/backoff.ts';
import { createEmitter } from '../../../src/client/emitter.ts';
import { DeskwireError } from '../../../src/client/errors.ts';
import { createFollower, type Loaded } from '../../../src/client/follower.ts';
import type { Link, Reply } from '../../../src/client/link.ts';
import type { StreamEvent } from '../../../src/client/types.ts';
import { createWorld, settle } from './world.ts';

const STREAM = 'ticket:t';
const event = (version: number, id: string | null = `e${version}`): StreamEvent => ({
  stream: STREAM,
  version,
  id,
  type: 'MessagePosted',
  time: '',
  actor: null,
  data: {},
});

interface SentRequest {
  readonly payload: unknown;
  reply(reply: Reply): void;
}

/** A connection that the test controls. */
function createLink() {
  const events = createEmitter<{
    up: undefined;
    down: undefined;
    // biome-ignore lint/suspicious/noExplicitAny: as in the link
    event: { name: string; payload: any };
  }>();
  const requests: SentRequest[] = [];
  const behind = new Set<object>();
  let up = false;
  const link: Link = {
    on: events.on,
    get up() {
      return up;
    },
    request: (_name, payload, then) => void requests.push({ payload, reply: then }),
    send: () => undefined,
    catchingUp: (follower, yes) => void (yes ? behind.add(follower) : behind.delete(follower)),
  };
  return {
    link,
    requests,
    behind,
    come() {
      up = true;
      events.emit('up', undefined);
    },
    go() {
      up = false;
      events.emit('down', undefined);
    },
    send: (payload: StreamEvent) => events.emit('event', { name: 'event', payload }),
    resync: (version: number) =>
      events.emit('event', { name: 'resync', payload: { stream: STREAM, reason: 'too_old', version } }),
  };
}

function setUp(loads: (() => Promise<Pick<Loaded, 'version' | 'epoch'>>)[]) {
  const world = createWorld();
  const line = createLink();
  const seen: (number | string)[] = [];
  const follower = createFollower({
    link: line.link,
    backoff: createBackoff({ first: 100, most: 1_000 }, world.surroundings),
    surroundings: world.surroundings,
    source: {
      stream: STREAM,
      async load() {
        const load = loads.shift();
        if (load === undefined) throw new Error('nothing more to load');
        const { version, epoch } = await load();
        return { version, epoch, take: () => void seen.push(`loaded ${version}`) };
      },
      apply: ({ version }) => void seen.push(version),
      clear: () => void seen.push('cleared'),
      statusChanged: (status) => void seen.push(status),
    },
  });
  const ack = async (version: number, events: StreamEvent[] = [], recovered = true) => {
    line.requests.at(-1)?.reply({ ok: true, answer: { stream: STREAM, epoch: 'one', version, recovered, events } });
    await settle();
  };
  return { world, ...line, seen, follower, ack };
}

const at =
  (version: number, epoch = 'one') =>
  () =>
    Promise.resolve({ version, epoch });

it('loads, subscribes after the loaded version, and then applies live events', async () => {
  const { come, requests, ack, send, seen, behind } = setUp([at(3)]);
  come();
  await settle();
  expect(behind.size).toBe(1);
  expect(requests.map(({ payload }) => payload)).toEqual([{ stream: STREAM, after: 3, epoch: 'one' }]);
  await ack(5, [event(4), event(5)]);
  send(event(6));
  expect(seen).toEqual(['loaded 3', 4, 5, 'live', 6]);
  expect(behind.size).toBe(0);
});

it('skips events before the ack, which repeats them, and events that it has applied', async () => {
  const { come, ack, send, seen } = setUp([at(3)]);
  come();
  await settle();
  send(event(4));
  await ack(5, [event(4), event(5)]);
  send(event(5));
  send(event(4));
  send(event(6));
  send(event(6));
  expect(seen).toEqual(['loaded 3', 4, 5, 'live', 6]);
});

it('applies an event without an id, although its version is no newer', async () => {
  const { come, ack, send, seen, follower } = setUp([at(3)]);
  come();
  await settle();
  await ack(3);
  send(event(3, null));
  expect(seen.at(-1)).toBe(3);
  expect(follower.cursor).toEqual({ version: 3, epoch: 'one' });
});

it('resumes after its cursor when the connection is back, without loading', async () => {
  const { come, go, ack, requests, send, seen } = setUp([at(3)]);
  come();
  await settle();
  await ack(3);
  send(event(7));
  go();
  expect(seen.at(-1)).toBe('stale');
  send(event(8));
  come();
  await settle();
  expect(requests.at(-1)?.payload).toEqual({ stream: STREAM, after: 7, epoch: 'one' });
  await ack(8, [event(8)]);
  expect(seen).toEqual(['loaded 3', 'live', 7, 'stale', 8, 'live']);
});

it('ignores an answer from a connection that has ended', async () => {
  const { come, go, requests, seen } = setUp([at(3)]);
  come();
  await settle();
  const [first] = requests;
  go();
  come();
  await settle();
  first?.reply({ ok: true, answer: { epoch: 'one', version: 9, recovered: true, events: [event(9)] } });
  expect(seen).toEqual(['loaded 3']);
});

it('ignores a load that was started before the connection dropped', async () => {
  const slow = Promise.withResolvers<{ version: number; epoch: string }>();
  const { come, go, seen } = setUp([() => slow.promise, at(9)]);
  come();
  await settle();
  go();
  come();
  await settle();
  slow.resolve({ version: 3, epoch: 'one' });
  await settle();
  expect(seen).toEqual(['loaded 9']);
});

describe('a resync', () => {
  it('loads afresh and subscribes after that, with the epoch of the load', async () => {
    const { come, ack, requests, resync, send, seen } = setUp([at(3), at(40, 'two')]);
    come();
    await settle();
    await ack(3);
    resync(41);
    send(event(42));
    await settle();
    expect(requests.at(-1)?.payload).toEqual({ stream: STREAM, after: 40, epoch: 'two' });
    await ack(42, [event(41), event(42)]);
    expect(seen).toEqual(['loaded 3', 'live', 'stale', 'loaded 40', 41, 42, 'live']);
  });

  it('is awaited after an ack without events', async () => {
    const { come, ack, resync, seen } = setUp([at(3), at(40)]);
    come();
    await settle();
    await ack(41, [], false);
    expect(seen).toEqual(['loaded 3']);
    resync(41);
    await settle();
    expect(seen).toEqual(['loaded 3', 'loaded 40']);
  });
});

it('is gone when the load finds nothing, and loads again with the next connection', async () => {
  const { come, go, seen, follower, behind } = setUp([
    () => Promise.reject(new DeskwireError('not_found', 'no such ticket')),
    at(1),
  ]);
  const ready = follower.ready();
  come();
  await expect(ready).rejects.toMatchObject({ code: 'not_found' });
  expect(seen).toEqual(['cleared', 'gone']);
  expect(behind.size).toBe(0);
  go();
  come();
  await settle();
  expect(seen).toEqual(['cleared', 'gone', 'loading', 'loaded 1']);
});

it('loads again after a wait when the failure may pass', async () => {
  const { come, seen, world } = setUp([() => Promise.reject(new DeskwireError('unavailable', 'starting')), at(1)]);
  come();
  await settle();
  expect(world.next).toBe(50);
  await world.pass(50);
  expect(seen).toEqual(['loading', 'loaded 1']);
});

it('receives nothing more once it is closed, and loads nothing', async () => {
  const { come, ack, send, seen, follower } = setUp([at(3), at(4)]);
  come();
  await settle();
  await ack(3);
  follower.close();
  send(event(4));
  follower.reload();
  await settle();
  await expect(follower.ready()).rejects.toMatchObject({ code: 'closed' });
  expect(seen).toEqual(['loaded 3', 'live']);
});
