/** Nodes are added to the view and removed from it in time, by a clock that the test controls. */
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createNodeView, type NodeView } from '../../../src/cluster/node-view.ts';

let receive: (announcement: unknown) => void;
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
          receive = handler;
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

it('removes a node that is silent, but not while this node is disconnected', () => {
  receive({ node: 'n', code: 'c', at: 0 });
  connected = false;
  vi.advanceTimersByTime(20_000);
  expect(view.others).toEqual(['n']);
  connected = true;
  vi.advanceTimersByTime(2_000);
  expect(view.others).toEqual(['n']);
  vi.advanceTimersByTime(3_000);
  expect(view.others).toEqual([]);
  expect(changes).toEqual(['n added', 'n removed']);
});

it('does not count nodes with other code', () => {
  receive({ node: 'n', code: 'other', at: 0 });
  receive({ node: 'm', code: 'c', at: 0 });
  receive({ node: 'm', code: 'c', at: 0, leaving: true });
  expect(changes).toEqual(['m added', 'm removed']);
});
