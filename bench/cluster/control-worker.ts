/** A worker of the control benchmark: holds idle sockets, and counts the sockets of all workers in two ways. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createAdapter } from '@socket.io/cluster-adapter';
import { pino } from 'pino';
import { Server } from 'socket.io';
import { io as connect } from 'socket.io-client';
import { connectBroker } from '../../src/broker/connection.ts';
import type { Broker } from '../../src/broker/port.ts';
import { testKeys } from '../../test/support/cluster-keys.ts';

export interface Counted {
  readonly milliseconds: number;
  /** Undefined when the count failed. */
  readonly sockets: number | undefined;
}

interface Opening {
  readonly call: 'open';
  readonly natsUrl: string;
  readonly number: number;
  readonly workers: number;
  readonly sockets: number;
}

type Call = Opening | { readonly call: 'count'; readonly how: 'adapter' | 'broker'; readonly times: number };

const httpServer = createServer();
const io = new Server(httpServer, { adapter: createAdapter() });
/** A token of the usual length. */
const auth = { token: 'x'.repeat(600) };
let broker: Broker | undefined;
let others: readonly number[] = [];

process.on('message', (message: Call) => {
  if (message.call === 'open') void open(message).then(() => process.send?.({ answer: 'open' }));
  if (message.call === 'count') void count(message).then((answer) => process.send?.({ answer }));
});

async function open({ natsUrl, number, workers, sockets }: Opening): Promise<void> {
  const log = pino({ level: 'silent' });
  ({ broker } = await connectBroker({
    url: natsUrl,
    namespace: 'bench',
    keys: testKeys(),
    name: `worker ${number}`,
    log,
  }));
  await broker.requests.serve(['sockets', String(number)], async () => io.of('/').sockets.size).ready;
  others = Array.from({ length: workers }, (_, index) => index).filter((index) => index !== number);
  httpServer.listen({ host: '127.0.0.1', port: 0, exclusive: true });
  await once(httpServer, 'listening');
  const url = `http://127.0.0.1:${(httpServer.address() as AddressInfo).port}`;
  const clients = Array.from({ length: sockets }, () =>
    connect(url, { transports: ['websocket'], forceNew: true, auth }),
  );
  await Promise.all(clients.map((client) => new Promise<void>((resolve) => client.once('connect', resolve))));
}

async function count({ how, times }: { how: 'adapter' | 'broker'; times: number }): Promise<Counted[]> {
  const counted: Counted[] = [];
  while (counted.length < times) {
    const began = performance.now();
    const sockets = await (how === 'adapter' ? overAdapter() : overBroker()).catch(() => undefined);
    counted.push({ milliseconds: performance.now() - began, sockets });
  }
  return counted;
}

async function overAdapter(): Promise<number> {
  return (await io.fetchSockets()).length;
}

async function overBroker(): Promise<number> {
  const counts = await Promise.all(
    others.map((number) => broker?.requests.ask(['sockets', String(number)], {}, 2_000).catch(() => 0)),
  );
  return counts.reduce<number>((sum, other) => sum + Number(other), io.of('/').sockets.size);
}
