/**
 * `npm run bench:control`: counts the sockets of all workers of a host. Compares `@socket.io/cluster-adapter` with
 * requests to each process over the broker, while all workers run and right after one of them was killed.
 */
import cluster, { type Worker } from 'node:cluster';
import { once } from 'node:events';
import { join } from 'node:path';
import { setupPrimary as relayAdapterMessages } from '@socket.io/cluster-adapter';
import type { Counted } from './cluster/control-worker.ts';
import { printTable } from './support/rounds.ts';
import { startServices } from './support/services.ts';

const WORKERS = 4;
const SOCKETS = 250;
const TIMES = 100;

await using services = await startServices();
cluster.setupPrimary({ exec: join(import.meta.dirname, 'cluster', 'control-worker.ts'), serialization: 'advanced' });
relayAdapterMessages();
const workers = Array.from({ length: WORKERS }, () => cluster.fork());
await Promise.all(
  workers.map((worker, index) =>
    callWorker(worker, { call: 'open', natsUrl: services.natsUrl, number: index, workers: WORKERS, sockets: SOCKETS }),
  ),
);
const [asking, , , killed] = workers;
if (asking === undefined || killed === undefined) throw new Error('there are not enough workers');
const count = async (how: 'adapter' | 'broker', times: number): Promise<Counted[]> =>
  (await callWorker(asking, { call: 'count', how, times })) as Counted[];

const all = WORKERS * SOCKETS;
for (const how of ['adapter', 'broker'] as const) {
  await count(how, 10);
  const counted = await count(how, TIMES);
  if (counted.some(({ sockets }) => sockets !== all)) throw new Error(`${how} did not count all of them`);
  printTable(`${all} sockets of ${WORKERS} workers, over the ${how}`, [
    ['milliseconds of a count', counted.map(({ milliseconds }) => milliseconds), 2],
  ]);
}
killed.process.kill('SIGKILL');
await once(killed, 'exit');
for (const how of ['broker', 'adapter'] as const) {
  const counted = await count(how, 3);
  printTable(`one worker killed, over the ${how}`, [
    ['milliseconds of a count', counted.map(({ milliseconds }) => milliseconds), 1],
    ['sockets counted (0: it failed)', counted.map(({ sockets }) => sockets ?? 0)],
  ]);
}
for (const worker of workers) worker.process.kill('SIGKILL');

async function callWorker(worker: Worker, message: object): Promise<unknown> {
  worker.send(message);
  for (;;) {
    const [answer] = (await once(worker, 'message')) as [{ answer?: unknown }];
    // Messages without an answer are the adapter's.
    if (answer.answer !== undefined) return answer.answer;
  }
}
