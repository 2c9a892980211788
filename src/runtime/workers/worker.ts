/**
 * One of several processes that serve on a host, started by the primary. Each has a whole runtime. Workers communicate
 * through Postgres and NATS, like processes of different hosts. One thing is local to the host: a long-polling request
 * that arrives at the wrong worker is forwarded to the right one.
 *
 * Ctrl-C in a terminal reaches the workers, too; they ignore it, because the primary drains them. SIGTERM drains this
 * worker only.
 */
import cluster from 'node:cluster';
import { createAdapter } from '@socket.io/cluster-adapter';
import { messageOf, StartFailure } from '../../support/start-failure.ts';
import { createLogger } from '../../telemetry/logging.ts';
import { serve, startOrUndo } from '../server.ts';
import { closeWithin } from '../shutdown.ts';
import { type Assignment, type FromWorker, isDeskwireMessage, type ToWorker } from './messages.ts';
import { createMetricsExchange } from './metrics-exchange.ts';
import { createTransportRouter } from './transport-router.ts';

/** Milliseconds; less than the primary waits for all its workers. */
const drainMs = 25_000;

const drain = Promise.withResolvers<void>();
const assigned = Promise.withResolvers<Assignment>();
const router = createTransportRouter();
const metrics = createMetricsExchange((message) => void send(message));

process.on('message', (message: unknown) => {
  if (isDeskwireMessage(message)) receive(message as ToWorker);
});
process.on('SIGINT', () => {});
process.on('SIGTERM', drain.resolve);
await send({ deskwire: 'hello' });
process.exit(await work(await assigned.promise));

/** Resolves with the exit code. */
async function work({ number, config, ...assignment }: Assignment): Promise<number> {
  const logger = createLogger(config.LOG_LEVEL).child({ worker: number });
  const worker = { adapter: createAdapter(), newTransportId: () => router.newTransportId(number), metrics };
  try {
    const server = await startOrUndo(async (shutdown) => {
      // Closed after the sockets, whose requests arrive through it.
      shutdown.defer('requests of other workers', router.close);
      const serving = await serve({ ...assignment, config, logger, worker }, shutdown);
      const peerPort = await router.serve(number, serving.httpServer);
      return { ...serving, peerPort };
    });
    const { url, peerPort } = server;
    await send({ deskwire: 'serving', url, peerPort });
    await drain.promise;
    logger.info('worker drains');
    return (await closeWithin(server, drainMs + config.DRAIN_DELAY * 1_000, logger)) ? 0 : 1;
  } catch (error) {
    if (!(error instanceof StartFailure)) logger.fatal({ err: error }, 'worker failed');
    await send({ deskwire: 'failed', reason: messageOf(error) });
    return 1;
  }
}

function receive(message: ToWorker): void {
  switch (message.deskwire) {
    case 'start':
      assigned.resolve(message.assignment);
      break;
    case 'peers':
      router.setPeers(message.ports);
      break;
    case 'drain':
      drain.resolve();
      break;
    default:
      metrics.receive(message);
  }
}

/** Resolves when the message was sent, or when the primary is gone and this process is about to end. */
function send(message: FromWorker): Promise<void> {
  return new Promise((resolve) => {
    if (cluster.worker?.isConnected()) cluster.worker.send(message, () => resolve());
    else resolve();
  });
}
