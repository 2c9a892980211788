/**
 * The first process of a host with several workers. It owns the embedded services and the lock of DATA_DIR, and runs
 * the migrations. It starts the workers, and replaces those that die. It accepts connections and distributes them round
 * robin, without reading them. When it is killed, its workers end, because their channel to it closes.
 */
import cluster, { type Worker } from 'node:cluster';
import { once } from 'node:events';
import { setupPrimary as setUpAdapter } from '@socket.io/cluster-adapter';
import { freePort } from '../../embedded/free-port.ts';
import { paths } from '../../support/paths.ts';
import { sleep } from '../../support/sleep.ts';
import { StartFailure } from '../../support/start-failure.ts';
import type { Logger } from '../../telemetry/logging.ts';
import type { Config } from '../config.ts';
import { prepareServices, type Server, type ServiceUrls, startOrUndo } from '../server.ts';
import { type FromWorker, isDeskwireMessage, type ToWorker } from './messages.ts';
import { createMetricsCollector } from './metrics-exchange.ts';

/** The number of workers that may run projections and the relay: one is active, the other takes over. */
const STANDBYS = 2;
/** Milliseconds before a dead worker is replaced: the first pause, and the longest. */
const BACKOFF = { first: 100, last: 10_000 };
/** Milliseconds. A worker that lived longer did not fail at its start. */
const HEALTHY_MS = 10_000;

/** Rejects with a StartFailure; then nothing is left running. */
export function startWorkers(config: Config, logger: Logger, signal: AbortSignal): Promise<Server> {
  const lost = Promise.withResolvers<StartFailure>();
  return startOrUndo(async (shutdown) => {
    const urls = await prepareServices({ config, logger, signal, onLost: lost.resolve }, shutdown);
    cluster.setupPrimary({ exec: paths.worker, serialization: 'advanced' });
    setUpAdapter();
    // Replacements need the same port.
    const port = config.PORT === 0 ? await freePort(config.HOST) : config.PORT;
    const workers = createWorkers({ ...config, PORT: port }, urls, logger);
    shutdown.defer('workers', workers.stop);
    return { url: await workers.start(), lost: lost.promise };
  });
}

function createWorkers(config: Config, urls: ServiceUrls, logger: Logger) {
  const workers = new Map<number, Worker>();
  const peerPorts = new Map<number, number>();
  const stopping = new AbortController();
  const ended: Promise<void>[] = [];
  const metrics = createMetricsCollector(
    () => peerPorts.keys(),
    (number, message) => {
      const worker = workers.get(number);
      if (worker !== undefined) send(worker, message);
    },
  );

  /** Starts a worker. Resolves when it serves; rejects with a StartFailure when it ends before. */
  function fork(number: number, { demo }: { demo: boolean }): { serving: Promise<string>; exited: Promise<unknown> } {
    const worker = cluster.fork();
    const serving = Promise.withResolvers<string>();
    workers.set(number, worker);
    worker.on('message', (message: unknown) => {
      if (isDeskwireMessage(message)) receive(message as FromWorker);
    });
    worker.once('exit', (code, signal) => {
      workers.delete(number);
      peerPorts.delete(number);
      sendPeers();
      serving.reject(new StartFailure(`worker ${number} ended before it served (${signal ?? `exit code ${code}`}).`));
      if (!stopping.signal.aborted)
        logger.error({ worker: number, pid: worker.process.pid, code, signal }, 'worker died');
    });
    serving.promise.catch(() => undefined); // Some callers do not wait for it.

    function receive(message: FromWorker): void {
      switch (message.deskwire) {
        case 'hello': {
          const assignment = { number, workers: config.WORKERS, config: configOf(number, demo), ...urls };
          send(worker, { deskwire: 'start', assignment });
          break;
        }
        case 'serving':
          peerPorts.set(number, message.peerPort);
          sendPeers();
          logger.info({ worker: number, pid: worker.process.pid }, 'worker serves');
          serving.resolve(message.url);
          break;
        case 'failed':
          serving.reject(new StartFailure(message.reason));
          break;
        case 'collect-metrics':
          metrics.collect(number, message.question);
          break;
        case 'metrics':
          metrics.answered(number, message.collection, message.snapshot);
          break;
      }
    }
    return { serving: serving.promise, exited: once(worker, 'exit') };
  }

  function configOf(number: number, demo: boolean): Config {
    const roles =
      number <= STANDBYS ? config.ROLES : config.ROLES.filter((role) => role !== 'projector' && role !== 'relay');
    return { ...config, ROLES: roles, DEMO_DATA: demo ? config.DEMO_DATA : 'off' };
  }

  function sendPeers(): void {
    for (const worker of workers.values()) send(worker, { deskwire: 'peers', ports: Object.fromEntries(peerPorts) });
  }

  /** Replaces a worker whenever it ends, after a pause that grows while workers fail at their start. */
  async function keep(number: number, first: { readonly exited: Promise<unknown> }): Promise<void> {
    let { exited } = first;
    let pause = BACKOFF.first;
    for (;;) {
      const began = performance.now();
      await exited;
      pause = performance.now() - began > HEALTHY_MS ? BACKOFF.first : Math.min(2 * pause, BACKOFF.last);
      await sleep(pause, stopping.signal);
      if (stopping.signal.aborted) return;
      const again = fork(number, { demo: false });
      again.serving.catch((error) => logger.error({ worker: number, err: error }, 'worker did not start'));
      exited = again.exited;
    }
  }

  return {
    /** Resolves with the URL when all workers serve. Only the first one seeds the demo data. */
    async start(): Promise<string> {
      const first = fork(1, { demo: true });
      const url = await first.serving;
      const others = Array.from({ length: config.WORKERS - 1 }, (_, index) => fork(index + 2, { demo: false }));
      await Promise.all(others.map(({ serving }) => serving));
      ended.push(...[first, ...others].map((forked, index) => keep(index + 1, forked)));
      return url;
    },

    /** Drains every worker, and resolves when all have ended. */
    async stop(): Promise<void> {
      stopping.abort();
      await Promise.all(
        [...workers.values()].map(async (worker) => {
          const exited = once(worker, 'exit');
          send(worker, { deskwire: 'drain' });
          await exited;
        }),
      );
      await Promise.all(ended);
    },
  };
}

/** A worker that is ending may miss the message. */
function send(worker: Worker, message: ToWorker): void {
  if (worker.isConnected()) worker.send(message, () => undefined);
}
