/** Who is left out of the view of nodes, and when, by a clock of the test's own. */
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createNodeView, type NodeView } from '../../../src/cluster/node-view.ts';

let hear: (announcement: unknown) => void;
let connected: boolean;
let view: NodeView;
let changes: string[];

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'Date'] });
  connected = true;
  changes = [];
  view = createNodeView({
    ...{ self: 'me', code: 'c', now: Date.now, clock: Date.now, log: { info: () => undefined } },
    broker: {
      signals: {
        publish: () => undefined,
        subscribe(_topic, handler) {
          hear = handler;
          return { ready: Promise.resolve(), close: () => undefined };
        },
      },
      onReconnected: () => () => undefined,
      get connected() {
        return connected;
      },
    },
    onChanged: (node, change) => changes.push(`${node} ${change}`),
  });
});
afterEach(() => {
  view.close();
  vi.useRealTimers();
});

it('a node that is silent is left out, unless it is this one that is cut off', () => {
  hear({ node: 'n', code: 'c', at: 0 });
  connected = false;
  vi.advanceTimersByTime(20_000);
  expect(view.others).toEqual(['n']);
  connected = true;
  vi.advanceTimersByTime(2_000);
  expect(view.others).toEqual(['n']);
  vi.advanceTimersByTime(3_000);
  expect(view.others).toEqual([]);
  expect(changes).toEqual(['n heard', 'n left out']);
});

it('nodes of other code are heard of and not counted', () => {
  hear({ node: 'n', code: 'other', at: 0 });
  hear({ node: 'm', code: 'c', at: 0 });
  hear({ node: 'm', code: 'c', at: 0, leaving: true });
  expect(changes).toEqual(['m heard', 'm left out']);
});
