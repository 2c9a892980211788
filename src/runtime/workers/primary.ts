/**
 * The first process of a host with several workers. It owns what there is once (the embedded services, the lock of
 * DATA_DIR, the migrations), starts the workers and starts them again when they die. It accepts connections and deals
 * them out, one after the other, and does nothing with what goes over them. When it is killed its workers end too: they
 * see the channel to it close.
 */
import cluster, { type Worker } from 'node:cluster';
import { once } from 'node:events';
import { setupPrimary as relayAdapterMessages } from '@socket.io/cluster-adapter';
import { freePort } from '../../embedded/free-port.ts';
import { paths } from '../../support/paths.ts';
import { rest } from '../../support/sleep.ts';
import { StartFailure } from '../../support/start-failure.ts';
import type { Logger } from '../../telemetry/logging.ts';
import type { Config } from '../config.ts';
import { prepareServices, type Server, type ServiceUrls, startOrUndo } from '../server.ts';
import { type FromWorker, isOurs, type ToWorker } from './messages.ts';
import { createMetricsCollector } from './metrics-exchange.ts';

/** Workers that run projections and the relay: one of them does, the other takes over. */
const STANDBYS = 2;
/** Milliseconds before a dead worker is started again: at first, and at most. */
const BACKOFF = { first: 100, last: 10_000 };
/** A worker that has lived as long as this did not die of its start. */
const HEALTHY_MS = 10_000;

/** Rejects with a StartFailure; nothing is left running then. */
export function startWorkers(config: Config, logger: Logger): Promise<Server> {
  const lost = Promise.withResolvers<StartFailure>();
  return startOrUndo(async (shutdown) => {
    const urls = await prepareServices(config, logger, shutdown, lost.resolve);
    cluster.setupPrimary({ exec: paths.worker, serialization: 'advanced' });
    relayAdapterMessages();
    // One port for all of them, and for those that replace them.
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
      if (worker !== undefined) tell(worker, message);
    },
  );

  /** Starts a worker. Resolves when it serves; rejects with a StartFailure when it ends before. */
  function launch(number: number, { demo }: { demo: boolean }): { serving: Promise<string>; exited: Promise<unknown> } {
    const worker = cluster.fork();
    const serving = Promise.withResolvers<string>();
    workers.set(number, worker);
    worker.on('message', (message: unknown) => {
      if (isOurs(message)) hear(message as FromWorker);
    });
    worker.once('exit', (code, signal) => {
      workers.delete(number);
      peerPorts.delete(number);
      tellPeers();
      serving.reject(new StartFailure(`worker ${number} ended before it served (${signal ?? `exit code ${code}`}).`));
      if (!stopping.signal.aborted)
        logger.error({ worker: number, pid: worker.process.pid, code, signal }, 'worker died');
    });
    serving.promise.catch(() => undefined); // Not everybody waits for it.

    function hear(message: FromWorker): void {
      switch (message.deskwire) {
        case 'hello': {
          const assignment = { number, workers: config.WORKERS, config: configOf(number, demo), ...urls };
          tell(worker, { deskwire: 'start', assignment });
          break;
        }
        case 'serving':
          peerPorts.set(number, message.peerPort);
          tellPeers();
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
    const once =
      number <= STANDBYS ? config.ROLES : config.ROLES.filter((role) => role !== 'projector' && role !== 'relay');
    return { ...config, ROLES: once, DEMO_DATA: demo ? config.DEMO_DATA : 'off' };
  }

  function tellPeers(): void {
    for (const worker of workers.values()) tell(worker, { deskwire: 'peers', ports: Object.fromEntries(peerPorts) });
  }

  /** Keeps a worker running: starts it again whenever it ends, after a pause that grows while it dies young. */
  async function keep(number: number, first: { readonly exited: Promise<unknown> }): Promise<void> {
    let { exited } = first;
    let pause = BACKOFF.first;
    for (;;) {
      const began = performance.now();
      await exited;
      pause = performance.now() - began > HEALTHY_MS ? BACKOFF.first : Math.min(2 * pause, BACKOFF.last);
      await rest(pause, stopping.signal);
      if (stopping.signal.aborted) return;
      const again = launch(number, { demo: false });
      again.serving.catch((error) => logger.error({ worker: number, err: error }, 'worker did not start'));
      exited = again.exited;
    }
  }

  return {
    /** Resolves with the URL when all of them serve. The first alone seeds the demo data. */
    async start(): Promise<string> {
      const first = launch(1, { demo: true });
      const url = await first.serving;
      const others = Array.from({ length: config.WORKERS - 1 }, (_, index) => launch(index + 2, { demo: false }));
      await Promise.all(others.map(({ serving }) => serving));
      ended.push(...[first, ...others].map((launched, index) => keep(index + 1, launched)));
      return url;
    },

    /** Has every worker drain, and waits until all of them have ended. */
    async stop(): Promise<void> {
      stopping.abort();
      await Promise.all(
        [...workers.values()].map(async (worker) => {
          const exited = once(worker, 'exit');
          tell(worker, { deskwire: 'drain' });
          await exited;
        }),
      );
      await Promise.all(ended);
    },
  };
}

/** A worker that is about to end may not hear it. */
function tell(worker: Worker, message: ToWorker): void {
  if (worker.isConnected()) worker.send(message, () => undefined);
}
