import { describe, expect, it } from 'vitest';
import { createLogBatches, type LogBatchReader } from '../../../src/projections/rebuild/log-batches.ts';
import { eventsBetween } from './events.ts';

/** A log of `size` events, and the positions after which it was read. */
function logOf(size: number) {
  const reads: number[] = [];
  return {
    reads,
    reader: {
      readLog: async (after: number, limit: number) => {
        reads.push(after);
        return eventsBetween(after + 1, Math.min(size, after + limit));
      },
    },
  };
}

async function readAll(log: LogBatchReader, upTo: number, from = 0): Promise<number[]> {
  const positions: number[] = [];
  let position = from;
  while (position < upTo) {
    const events = await log.read(position, upTo);
    positions.push(...events.map((event) => event.position));
    position = positions.at(-1) ?? upTo;
  }
  return positions;
}

const range = (first: number, last: number) => eventsBetween(first, last).map((event) => event.position);

describe('the log in batches', () => {
  it('gives each of several readers every event in order, and reads the log once', async () => {
    const { reads, reader } = logOf(25_000);
    const batches = createLogBatches(reader);
    const readers = [batches.join(), batches.join(), batches.join()];
    const seen = await Promise.all(readers.map((log) => readAll(log, 25_000)));
    for (const positions of seen) expect(positions).toEqual(range(1, 25_000));
    expect(reads.toSorted((a, b) => a - b)).toEqual([0, 5_000, 10_000, 15_000, 20_000]);
  });

  it('gives no event beyond the requested position', async () => {
    const { reader } = logOf(25_000);
    using log = createLogBatches(reader).join();
    expect(await readAll(log, 12_345)).toEqual(range(1, 12_345));
    expect(await readAll(log, 20_000, 12_345)).toEqual(range(12_346, 20_000));
  });

  it('makes a reader that is ahead wait for the slowest, until that one continues or leaves', async () => {
    const { reader } = logOf(60_000);
    const batches = createLogBatches(reader);
    const [fast, slow] = [batches.join(), batches.join()];
    await slow.read(0, 60_000);
    let at = 0;
    const reading = (async () => {
      while (at < 60_000) at = (await fast.read(at, 60_000)).at(-1)?.position ?? 60_000;
    })();
    const stalled = async () => {
      let before = -1;
      while (before !== at) {
        before = at;
        await new Promise(setImmediate);
      }
      return at;
    };
    expect(await stalled()).toBe(20_000);
    await slow.read(10_000, 60_000);
    expect(await stalled()).toBe(30_000);
    slow[Symbol.dispose]();
    await reading;
    expect(at).toBe(60_000);
  });

  it('repeats a read that failed', async () => {
    let failing = true;
    const { reader } = logOf(10_000);
    using log = createLogBatches({
      readLog: (after, limit) => (failing ? Promise.reject(new Error('no database')) : reader.readLog(after, limit)),
    }).join();
    await expect(log.read(0, 10_000)).rejects.toThrow('no database');
    failing = false;
    expect(await readAll(log, 10_000)).toEqual(range(1, 10_000));
  });
});
