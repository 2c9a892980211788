import { afterEach, describe, expect, it } from 'vitest';
import type { RecordedEvent } from '../../../src/domain/event.ts';
import { createLogFeed, type LogFeed } from '../../../src/projections/engine/log-feed.ts';
import { until } from '../../support/until.ts';
import { eventsBetween } from './events.ts';

/** A log and the three sources of its feed, each under the test's control. */
function createSources() {
  const state = {
    head: 0,
    epoch: 'first',
    reads: [] as number[],
    follows: [] as number[],
    failing: false,
    connected: true,
  };
  let committed: (events: readonly RecordedEvent[]) => void = () => {};
  let followed: ((events: readonly RecordedEvent[]) => void) | undefined;
  return {
    state,
    commitHere(last: number) {
      const first = state.head + 1;
      state.head = last;
      committed(eventsBetween(first, last));
    },
    commitElsewhere(last: number) {
      state.head = last;
    },
    deliver: (first: number, last: number) => followed?.(eventsBetween(first, last)),
    feed: (options: { capacity?: number } = {}) =>
      createLogFeed({
        appender: {
          onCommitted: (listener) => {
            committed = listener;
            return () => {};
          },
        },
        reader: {
          head: async () => {
            if (state.failing) throw new Error('no database');
            return { position: state.head, epoch: state.epoch };
          },
          readLog: async (after, limit) => {
            state.reads.push(after);
            return eventsBetween(after + 1, Math.min(state.head, after + limit));
          },
        },
        broker: {
          get connected() {
            return state.connected;
          },
          followLog: (position, handler) => {
            state.follows.push(position);
            followed = handler;
            const done = Promise.withResolvers<void>();
            return { done: done.promise, close: () => done.resolve() };
          },
        },
        log: { warn: () => {} },
        checkEvery: 5,
        ...options,
      }),
  };
}

const ever = new AbortController().signal;
const read = async (feed: LogFeed, after: number, limit = 10_000) =>
  (await feed.read(after, limit)).map((event) => event.position);
const range = (first: number, last: number) => eventsBetween(first, last).map((event) => event.position);

describe('the feed of the log', () => {
  let feed: LogFeed;
  afterEach(() => feed.close());

  it('reads commits of this process from memory', async () => {
    const sources = createSources();
    feed = sources.feed();
    await until(() => feed.following, 'the feed to start');
    sources.commitHere(3);
    sources.commitHere(5);
    expect(await read(feed, 0)).toEqual([1, 2, 3, 4, 5]);
    expect(await read(feed, 2, 2)).toEqual([3, 4]);
    expect(sources.state.reads).toEqual([]);
  });

  it('wakes a waiting reader when an event arrives', async () => {
    const sources = createSources();
    feed = sources.feed();
    await until(() => feed.following, 'the feed to start');
    const woken = feed.beyond(0, 60_000, ever);
    sources.commitHere(1);
    await woken;
    expect(feed.head).toBe(1);
  });

  it('reads commits of other processes from the broker', async () => {
    const sources = createSources();
    feed = sources.feed();
    await until(() => feed.following, 'the feed to follow');
    sources.deliver(1, 3);
    sources.deliver(2, 4);
    expect(await read(feed, 0)).toEqual([1, 2, 3, 4]);
  });

  it('reads Postgres for a reader that is further behind than memory reaches', async () => {
    const sources = createSources();
    sources.commitElsewhere(50);
    feed = sources.feed({ capacity: 10 });
    await until(() => feed.head === 50, 'the feed to start');
    sources.commitHere(55);
    expect(await read(feed, 0, 20)).toEqual(range(1, 20));
    expect(await read(feed, 50)).toEqual(range(51, 55));
    expect(sources.state.reads).toEqual([0]);
  });

  it('fills a gap from Postgres', async () => {
    const sources = createSources();
    sources.state.connected = false;
    feed = sources.feed();
    sources.commitHere(1);
    await until(() => feed.head === 1, 'the first event');
    sources.commitElsewhere(4);
    sources.commitHere(6);
    await until(() => feed.head === 6, 'the gap to be filled');
    expect(await read(feed, 0)).toEqual(range(1, 6));
  });

  it('finds events that no source announced', async () => {
    const sources = createSources();
    sources.state.connected = false;
    feed = sources.feed();
    sources.commitElsewhere(7);
    await until(() => feed.head === 7, 'the timer to find it');
    expect(await read(feed, 3)).toEqual(range(4, 7));
  });

  it('stops following when the broker brings nothing new, and follows again when others commit', async () => {
    const sources = createSources();
    feed = sources.feed();
    await until(() => feed.following, 'the feed to follow');
    sources.commitHere(2_000);
    sources.deliver(1, 2_000);
    await until(() => !feed.following, 'the follower to be closed');
    sources.commitElsewhere(2_003);
    sources.commitHere(2_004);
    await until(() => feed.following && feed.head === 2_004, 'the feed to follow again');
    expect(await read(feed, 1_999)).toEqual(range(2_000, 2_004));
  });

  it('starts over when the log was replaced', async () => {
    const sources = createSources();
    sources.commitElsewhere(9);
    feed = sources.feed();
    await until(() => feed.head === 9, 'the feed to start');
    let replaced = 0;
    feed.onReplaced(() => {
      replaced += 1;
    });
    sources.state.epoch = 'second';
    sources.state.head = 4;
    await until(() => feed.head === 4, 'the feed to start over');
    expect(replaced).toBe(1);
  });

  it('reports a log that cannot be read, and continues when it can be read', async () => {
    const sources = createSources();
    sources.state.failing = true;
    feed = sources.feed();
    await until(() => feed.failure?.message === 'no database', 'the failure');
    sources.state.failing = false;
    sources.commitElsewhere(2);
    await until(() => feed.head === 2, 'the feed to start');
    expect(feed.failure).toBeUndefined();
  });
});
