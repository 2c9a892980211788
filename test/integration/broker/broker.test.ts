/** The channels of the broker: live events, signals and the log, with the notice of a reconnection. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { RecordedEvent } from '../../../src/domain/event.ts';
import { messageAppend } from '../../support/events.ts';
import { until } from '../../support/until.ts';
import { append, createRelayNodes, type Node, type RelayNodes, STREAM } from './relay-nodes.ts';

let nodes: RelayNodes;

beforeEach(async () => {
  nodes = await createRelayNodes();
});
afterEach(() => nodes[Symbol.asyncDispose]());

it('delivers live events of a stream once each: own ones at once from memory, others through JetStream', async () => {
  const [here, there] = [await nodes.start(), await nodes.start()];
  here.appender.onCommitted((events) => here.broker.live.deliver(events));
  const received: number[] = [];
  // Without encoding, this id would be a wildcard.
  const stream = 'ticket.*.>' as const;
  const subscription = here.broker.live.subscribe(stream, (event) => received.push(event.version));
  const others: string[] = [];
  here.broker.live.subscribeKind('user', (event) => others.push(event.stream));
  await subscription.ready;
  await here.appender.append(messageAppend(stream, 0));
  expect(received).toEqual([1]);
  await there.appender.append(messageAppend(stream, 1));
  await there.appender.append(messageAppend('ticket.another', 0));
  await there.appender.append(messageAppend('user.7', 0));
  await until(() => others.length > 0, 'the event of the user');
  expect(received).toEqual([1, 2]);
  expect(others).toEqual(['user.7']);
  subscription.close();
  await there.appender.append(messageAppend(stream, 2));
  await there.appender.append(messageAppend('user.8', 0));
  await until(() => others.length > 1, 'the next event of a user');
  expect(received).toEqual([1, 2]);
});

it('delivers a signal once to each listener of every process', async () => {
  const [here, there] = [await nodes.start(), await nodes.start()];
  const received: string[] = [];
  const listen = (node: Node, name: string) =>
    node.broker.signals.subscribe(['inbox', 'a.b *'], (payload) => received.push(`${name} ${JSON.stringify(payload)}`));
  const subscriptions = [listen(here, 'here'), listen(there, 'there')];
  await Promise.all(subscriptions.map((subscription) => subscription.ready));
  here.broker.signals.publish(['inbox', 'a.b *'], { n: 1 });
  expect(received).toEqual(['here {"n":1}']);
  here.broker.signals.publish(['inbox', 'a.b'], { n: 2 });
  there.broker.signals.publish(['inbox', 'a.b *'], { n: 3 });
  await until(() => received.length === 4, 'all signals');
  expect(received.toSorted()).toEqual(['here {"n":1}', 'here {"n":3}', 'there {"n":1}', 'there {"n":3}']);
});

it('follows the log from any position', async () => {
  const node = await nodes.start();
  const events = await append(node, 30);
  await nodes.untilStored(30);
  const followed: RecordedEvent[] = [];
  const follower = node.broker.followLog(20, (batch) => followed.push(...batch));
  await until(() => followed.length === 10, 'ten events');
  await append(node, 5);
  await until(() => followed.length === 15, 'five more');
  expect(followed.slice(0, 10)).toEqual(events.slice(20));
  follower.close();
  await follower.done;
});

it('stops following the log when the JetStream stream was deleted', async () => {
  const node = await nodes.start();
  await append(node, 3);
  await nodes.untilStored(3);
  const followed: RecordedEvent[] = [];
  const follower = node.broker.followLog(0, (batch) => followed.push(...batch));
  await until(() => followed.length === 3, 'three events');
  await node.relay.close();
  await nodes.manager.streams.delete(STREAM);
  await follower.done;
  await node.broker.followLog(0, () => undefined).done;
});

it('notifies of a reconnection, and keeps its subscriptions', async () => {
  const [here, there] = [await nodes.start(), await nodes.start()];
  let reconnections = 0;
  here.broker.onReconnected(() => {
    reconnections += 1;
  });
  const received: unknown[] = [];
  here.broker.signals.subscribe(['x'], (payload) => received.push(payload));
  await nodes.nats.stop();
  await until(() => !here.broker.connected && !there.broker.connected, 'both to notice');
  there.broker.signals.publish(['x'], 'lost');
  const late = here.broker.signals.subscribe(['y'], (payload) => received.push(payload));
  await nodes.nats.start();
  await late.ready;
  await until(() => reconnections === 1 && there.broker.connected, 'the reconnection');
  there.broker.signals.publish(['y'], 'received');
  await until(() => received.length > 0, 'a signal');
  expect(received).toEqual(['received']);
});
