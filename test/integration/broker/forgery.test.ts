/**
 * What somebody can do who has a password of NATS and nothing else: listen, publish anything, repeat what was heard.
 */
import { connect, headers, type Msg, type NatsConnection, StorageType } from 'nats';
import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { BrokerConnection } from '../../../src/broker/broker-connection.ts';
import { connectBroker } from '../../../src/broker/connection.ts';
import { createEventStream } from '../../../src/broker/event-stream.ts';
import type { Broker } from '../../../src/broker/port.ts';
import { publishBatch } from '../../../src/broker/publisher.ts';
import type { RecordedEvent, Stream } from '../../../src/domain/event.ts';
import { testKeys } from '../../support/cluster-keys.ts';
import { startNats, type TestNats } from '../../support/services.ts';
import { until } from '../../support/until.ts';

const EPOCH = 'b0ba7e3c-7d4f-4f0e-9a55-6d1d3d0b0c11';
let nats: TestNats;
let forger: NatsConnection;
let node: Broker;
let other: Broker;
let otherConnection: BrokerConnection;
let refused: string[];
let warnings: object[];

beforeAll(async () => {
  nats = await startNats();
});
afterAll(() => nats[Symbol.asyncDispose]());
beforeEach(async () => {
  refused = [];
  warnings = [];
  const log = pino({ level: 'warn' }, { write: (line: string) => void warnings.push(JSON.parse(line)) });
  const options = { url: nats.url, namespace: 'deskwire', name: 'test', keys: testKeys(), log };
  const onUnauthenticated = (what: string) => void refused.push(what);
  ({ broker: node } = await connectBroker({ ...options, onUnauthenticated }));
  ({ broker: other, connection: otherConnection } = await connectBroker(options));
  forger = await connect({ servers: new URL(nats.url).host });
});
afterEach(async () => {
  await Promise.all([node.close(), other.close(), forger.close()]);
});

const refusals = (count: number) => until(() => refused.length === count, `${count} messages to be refused`);

/** What the forger hears on a subject while `work` runs. */
async function overheard(subject: string, count: number, work: () => Promise<unknown>): Promise<Msg[]> {
  const heard: Msg[] = [];
  const subscription = forger.subscribe(subject, { callback: (_, message) => void heard.push(message) });
  await forger.flush();
  await work();
  await until(() => heard.length >= count, `${count} messages to be overheard`);
  subscription.unsubscribe();
  return heard;
}

describe('a signal', () => {
  it('of somebody without the key reaches no listener', async () => {
    const received: unknown[] = [];
    await node.signals.subscribe(['session-revoked'], (payload) => void received.push(payload)).ready;
    for (const payload of ['"a session"', 'not JSON', '']) forger.publish('deskwire.signals.session-revoked', payload);
    await refusals(3);
    expect(received).toEqual([]);
  });

  it('of another cluster reaches no listener', async () => {
    const received: unknown[] = [];
    await node.signals.subscribe(['nodes'], (payload) => void received.push(payload)).ready;
    const keys = testKeys('another cluster');
    const log = pino({ level: 'silent' });
    const { broker } = await connectBroker({ url: nats.url, namespace: 'deskwire', name: 'x', keys, log });
    broker.signals.publish(['nodes'], { node: 'x' });
    await refusals(1);
    await broker.close();
    expect(received).toEqual([]);
  });

  it('is heard once: not repeated, not changed, and not under another subject', async () => {
    const received: unknown[] = [];
    await node.signals.subscribe(['inbox', 'ann'], (payload) => void received.push(payload)).ready;
    await node.signals.subscribe(['inbox', 'bob'], (payload) => void received.push(payload)).ready;
    const [heard] = await overheard('deskwire.signals.>', 1, async () =>
      other.signals.publish(['inbox', 'ann'], { unread: 1 }),
    );
    await until(() => received.length === 1, 'the signal');
    const added = heard?.headers ?? headers();
    forger.publish('deskwire.signals.inbox.ann', heard?.data, { headers: added });
    forger.publish('deskwire.signals.inbox.bob', heard?.data, { headers: added });
    forger.publish('deskwire.signals.inbox.ann', '{"unread":9}', { headers: added });
    await refusals(3);
    expect(received).toEqual([{ unread: 1 }]);
  });

  it('that is forged is logged once for its kind, however often it comes', async () => {
    await node.signals.subscribe(['inbox', 'ann'], () => undefined).ready;
    for (let times = 0; times < 10; times += 1) forger.publish('deskwire.signals.inbox.ann', '{}');
    await refusals(10);
    expect(warnings).toMatchObject([{ what: 'message', fault: 'unsealed', source: 'signals.inbox' }]);
  });
});

describe('a request', () => {
  it('of somebody without the key is not served, and its sender does not wait', async () => {
    const served: unknown[] = [];
    await node.requests.serve(['commands', 'n1'], async (question) => void served.push(question)).ready;
    const reply = await forger.request('deskwire.requests.commands.n1', '{"command":{}}', { timeout: 60_000 });
    expect(reply.data).toHaveLength(0);
    expect(served).toEqual([]);
    expect(refused).toEqual(['message']);
  });

  it('is served once, as it was sent, and by the process that it was sent to', async () => {
    const served: unknown[] = [];
    const serve = async (question: unknown) => void served.push(question);
    await node.requests.serve(['commands', 'n1'], serve).ready;
    await node.requests.serve(['commands', 'n2'], serve).ready;
    const [heard] = await overheard('deskwire.requests.>', 1, () =>
      other.requests.ask(['commands', 'n1'], { by: 'ann' }, 60_000),
    );
    const options = { headers: heard?.headers ?? headers(), timeout: 60_000 };
    await forger.request('deskwire.requests.commands.n1', heard?.data, options);
    await forger.request('deskwire.requests.commands.n2', heard?.data, options);
    await forger.request('deskwire.requests.commands.n1', '{"by":"eve"}', options);
    expect(served).toEqual([{ by: 'ann' }]);
    expect(refused).toEqual(['message', 'message', 'message']);
  });

  it('takes no answer from somebody without the key', async () => {
    forger.subscribe('deskwire.requests.commands.n1', {
      callback: (_, message) => void message.respond('{"outcome":{"position":1}}'),
    });
    await forger.flush();
    await expect(node.requests.ask(['commands', 'n1'], {}, 50)).rejects.toMatchObject({ reason: 'late' });
    expect(refused).toEqual(['answer']);
  });

  it('takes no answer that was given to another request', async () => {
    await other.requests.serve(['commands', 'n1'], async () => ({ outcome: 1 })).ready;
    const heard = await overheard('_INBOX.>', 1, () => node.requests.ask(['commands', 'n1'], {}, 60_000));
    const answer = heard.find((message) => message.data.length > 0);
    forger.subscribe('deskwire.requests.commands.n2', {
      callback: (_, message) => void message.respond(answer?.data, { headers: answer?.headers ?? headers() }),
    });
    await forger.flush();
    await expect(node.requests.ask(['commands', 'n2'], {}, 50)).rejects.toMatchObject({ reason: 'late' });
  });
});

function eventAt(position: number, stream: Stream = 'ticket.1'): RecordedEvent {
  return {
    ...{ id: `e${position}`, stream, position, version: position, type: 'MessagePosted', recordedAt: '' },
    ...{ data: {}, metadata: {} },
  } as unknown as RecordedEvent;
}

describe('a recorded event', () => {
  beforeEach(async () => {
    const manager = await forger.jetstreamManager();
    await manager.streams.delete('deskwire-events').catch(() => undefined);
    await createEventStream(manager, otherConnection, EPOCH);
  });

  it('reaches a live stream only as the relay sent it, and only its own', async () => {
    const received: number[] = [];
    const take = (event: RecordedEvent) => void received.push(event.position);
    await node.live.subscribe('ticket.1', take).ready;
    await node.live.subscribe('ticket.2', take).ready;
    const [heard] = await overheard('deskwire.live.>', 1, () => publishBatch(otherConnection, EPOCH, [eventAt(1)]));
    await until(() => received.length === 1, 'the event');
    const options = { headers: heard?.headers ?? headers() };
    forger.publish('deskwire.live.ticket.1.public', JSON.stringify(eventAt(2)));
    forger.publish('deskwire.live.ticket.1.public', JSON.stringify(eventAt(2)), options);
    forger.publish('deskwire.live.ticket.2.public', heard?.data, options);
    forger.publish('deskwire.live.ticket.1.internal', heard?.data, options);
    await refusals(4);
    expect(received).toEqual([1]);
  });

  it('of a lost history is ignored', async () => {
    const received: number[] = [];
    await node.live.subscribe('ticket.1', (event) => void received.push(event.position)).ready;
    node.followEpoch(() => EPOCH);
    await publishBatch(otherConnection, 'the epoch before', [eventAt(1)]);
    await publishBatch(otherConnection, EPOCH, [eventAt(2)]);
    await until(() => received.length > 0, 'the event of this epoch');
    expect(received).toEqual([2]);
    expect(refused).toEqual([]);
  });

  it('that somebody else put into JetStream is left out by those who follow the log', async () => {
    const received: number[] = [];
    await publishBatch(otherConnection, EPOCH, [eventAt(1)]);
    await forger.jetstream().publish('deskwire.events.ticket.1.public', JSON.stringify(eventAt(2)));
    await publishBatch(otherConnection, EPOCH, [eventAt(3)]);
    const follower = node.followLog(0, (events) => received.push(...events.map(({ position }) => position)));
    await until(() => received.length === 2, 'the events of the relay');
    follower.close();
    expect(received).toEqual([1, 3]);
    expect(refused).toEqual(['event']);
  });
});

it('a notice on a board counts only as its process wrote it, when it arrives and when it is read', async () => {
  const received: string[] = [];
  const board = node.board('presence', { keptFor: 60_000, onPut: (text) => void received.push(text) });
  await board.ready;
  const others = other.board('presence', { keptFor: 60_000, onPut: () => undefined });
  await others.put('n1-1', 'n1 1 1\n[]');
  await until(() => received.length === 1, 'the notice');
  const bucket = await forger.jetstream().views.kv('deskwire-presence', { storage: StorageType.Memory });
  const genuine = (await bucket.get('n1-1'))?.string() ?? '';
  await bucket.put('n2-1', 'n2 1 1\n[["online",[["eve","Eve"]]]]');
  await bucket.put('n3-1', genuine);
  await bucket.put('n4-1', `${genuine}, and more`);
  await refusals(3);
  expect(received).toEqual(['n1 1 1\n[]']);
  expect(await board.read()).toEqual(['n1 1 1\n[]']);
});
