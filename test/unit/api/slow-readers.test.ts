/** A connection is cut off only when bytes wait for it and its client takes none of them for the whole time. */
import { EventEmitter } from 'node:events';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { App } from '../../../src/api/app.ts';
import { cutOffSlowReaders } from '../../../src/api/plugins/slow-readers.ts';

const LIMIT_MS = 4_000;

class Connection extends EventEmitter {
  bytesWritten = 0;
  writableLength = 0;
  _handle = { writeQueueSize: 0 };
  destroyed = false;
  destroy(): void {
    this.destroyed = true;
    this.emit('close');
  }
}

let server: EventEmitter;
beforeEach(() => {
  vi.useFakeTimers();
  server = new EventEmitter();
  cutOffSlowReaders({ server, addHook: () => undefined } as unknown as App, LIMIT_MS);
});
afterEach(() => vi.useRealTimers());

function connection(state: Partial<Connection> = {}): Connection {
  const one = Object.assign(new Connection(), state);
  server.emit('connection', one);
  return one;
}

/** Calls `step` before each look at the connections, for three time limits. */
function pass(step: () => void = () => undefined): void {
  for (let looks = 0; looks < 12; looks += 1) {
    step();
    vi.advanceTimersByTime(LIMIT_MS / 4);
  }
}

it('cuts off a client that takes nothing', () => {
  const one = connection({ bytesWritten: 1_000, writableLength: 400 });
  pass();
  expect(one.destroyed).toBe(true);
});

it('cuts off a client that takes nothing while more is written', () => {
  const one = connection({ bytesWritten: 1_000, writableLength: 400 });
  pass(() => {
    one.bytesWritten += 10;
    one.writableLength += 10;
  });
  expect(one.destroyed).toBe(true);
});

it('leaves a connection on which nothing waits, however long it is idle', () => {
  const one = connection({ bytesWritten: 1_000 });
  pass();
  expect(one.destroyed).toBe(false);
});

it('leaves a client that takes a write now and then', () => {
  const one = connection({ bytesWritten: 100_000, writableLength: 90_000 });
  pass(() => {
    one.writableLength -= 1;
  });
  expect(one.destroyed).toBe(false);
});

it('leaves a client that takes a part of one large write now and then', () => {
  const one = connection({ bytesWritten: 100_000, writableLength: 100_000 });
  one._handle.writeQueueSize = 100_000;
  pass(() => {
    one._handle.writeQueueSize -= 1;
  });
  expect(one.destroyed).toBe(false);
});
