/** Test the limit of a connection's backlog, with a fake of Engine.IO. */
import { EventEmitter } from 'node:events';
import type { Server, Socket } from 'socket.io';
import { expect, it, onTestFinished } from 'vitest';
import { createOutbound } from '../../../src/gateway/connection/outbound.ts';
import { until } from '../../support/until.ts';

const LIMIT = 1_000;
const turn = () => new Promise((resolve) => setImmediate(resolve));

class FakeAnswer extends EventEmitter {
  writableLength = 0;
  destroyed = false;
  destroy(): void {
    this.destroyed = true;
  }
}

/** A connection whose test decides when it flushes, and how many bytes then wait in the transport. */
class FakeConnection extends EventEmitter {
  transport: {
    name: string;
    socket: { bufferedAmount: number; close(): void; terminate(): void };
    res: FakeAnswer | null;
  };
  closed = false;
  constructor(transport: 'websocket' | 'polling') {
    super();
    const socket = { bufferedAmount: 0, close: () => undefined, terminate: () => undefined };
    this.transport = { name: transport, socket, res: transport === 'polling' ? new FakeAnswer() : null };
  }
  send(bytes: number, broadcast = false): void {
    const frame = { options: { wsPreEncodedFrame: [Buffer.alloc(4), Buffer.alloc(bytes - 4)] } };
    this.emit('packetCreate', broadcast ? frame : { data: 'x'.repeat(bytes) });
  }
  close(): void {
    this.closed = true;
    this.emit('close');
  }
}

function start(transport: 'websocket' | 'polling' = 'websocket') {
  const engine = new EventEmitter();
  const cut: number[] = [];
  const onSlow = (_sockets: unknown, bytes: number) => void cut.push(bytes);
  const outbound = createOutbound({ engine: engine as unknown as Server['engine'], limit: LIMIT, onSlow });
  onTestFinished(() => outbound.close());
  const connection = new FakeConnection(transport);
  engine.emit('connection', connection);
  const rooms = new Set<string>();
  const socket = {
    conn: connection,
    once: () => undefined,
    join: (room: string) => rooms.add(room),
    leave: (room: string) => rooms.delete(room),
  } as unknown as Socket;
  outbound.add(socket);
  return { outbound, connection, socket, cut, rooms };
}

it('counts bytes in Engine.IO and in the transport, a broadcast by its frame, and cuts off above the limit', async () => {
  const { outbound, connection, socket, cut } = start();
  connection.send(400, true);
  await turn();
  connection.transport.socket.bufferedAmount = 400;
  connection.emit('flush');
  connection.send(400, true);
  await turn();
  expect([outbound.longest, cut, connection.closed]).toEqual([800, [], false]);
  connection.send(201);
  await turn();
  expect([cut, connection.closed, outbound.wasCut(socket)]).toEqual([[1_001], true, true]);
  expect(outbound.longest).toBe(0);
});

it('counts answers to polls that the client does not read, and ends them', async () => {
  const { connection, cut } = start('polling');
  const answers: FakeAnswer[] = [];
  for (let at = 0; at < 3; at += 1) {
    connection.send(400);
    const answer = new FakeAnswer();
    connection.transport.res = answer;
    connection.emit('flush');
    answer.writableLength = 400;
    answers.push(answer);
    await turn();
    if (at === 0) answer.emit('close');
  }
  expect(cut).toEqual([]);
  connection.send(400);
  await turn();
  expect(cut).toEqual([1_200]);
  expect(answers.map(({ destroyed }) => destroyed)).toEqual([false, true, true]);
});

it('allows one replay larger than the limit, and the limit beside it until the client has read it', async () => {
  const { outbound, connection, socket, cut, rooms } = start();
  connection.send(5_000);
  const caughtUp = outbound.caughtUp(socket);
  expect(caughtUp).toBeInstanceOf(Promise);
  await turn();
  connection.send(400);
  await turn();
  expect([cut, [...rooms]]).toEqual([[], ['behind']]);
  // The operating system takes the data in portions.
  connection.transport.socket.bufferedAmount = 2_000;
  connection.emit('flush');
  connection.send(900);
  await turn();
  expect(cut).toEqual([]);
  connection.transport.socket.bufferedAmount = 100;
  connection.emit('flush');
  await caughtUp;
  expect([outbound.caughtUp(socket), [...rooms]]).toEqual([undefined, []]);
  for (let at = 0; at < 3; at += 1) {
    connection.send(400);
    await turn();
  }
  expect(cut).toEqual([1_300]);
});

it('cuts off a connection with more than the limit beside a replay, or with a second replay', async () => {
  const slow = start();
  slow.connection.send(5_000);
  await turn();
  for (let at = 0; at < 3; at += 1) {
    slow.connection.send(400);
    await turn();
  }
  expect(slow.cut).toEqual([6_200]);
  const greedy = start();
  for (let at = 0; at < 2; at += 1) {
    greedy.connection.send(5_000);
    await turn();
  }
  expect(greedy.cut).toEqual([10_000]);
});

it('resolves `caughtUp` when the connection is gone', async () => {
  const { outbound, connection, socket } = start();
  connection.send(900);
  await turn();
  let resolved = false;
  void outbound.caughtUp(socket)?.then(() => {
    resolved = true;
  });
  connection.close();
  await until(() => resolved, 'caughtUp to resolve');
});
