/**
 * One of several processes that serve on a host; its primary starts it. It has all parts of its own and meets the
 * others where processes of other hosts meet it too: in Postgres and NATS. Only sockets know that they have neighbours:
 * a polling client's requests may come to any worker, and are passed to the one that has its session.
 *
 * Ctrl-C in a terminal reaches it as well, and is for the primary to act on; SIGTERM drains it alone.
 */
import cluster from 'node:cluster';
import { createAdapter } from '@socket.io/cluster-adapter';
import { messageOf, StartFailure } from '../../support/start-failure.ts';
import { createLogger } from '../../telemetry/logging.ts';
import { serve, startOrUndo } from '../server.ts';
import { closeWithin } from '../shutdown.ts';
import { type Assignment, type FromWorker, isOurs, type ToWorker } from './messages.ts';
import { createMetricsExchange } from './metrics-exchange.ts';
import { createSessionRouter } from './transport-router.ts';

/** Less than the primary gives all of its workers together. */
const drainMs = 25_000;

const drain = Promise.withResolvers<void>();
const assigned = Promise.withResolvers<Assignment>();
const router = createSessionRouter();
const metrics = createMetricsExchange((message) => void tell(message));

process.on('message', (message: unknown) => {
  if (isOurs(message)) hear(message as ToWorker);
});
process.on('SIGINT', () => {});
process.on('SIGTERM', drain.resolve);
await tell({ deskwire: 'hello' });
process.exit(await work(await assigned.promise));

/** Resolves with the exit code. */
async function work({ number, config, ...assignment }: Assignment): Promise<number> {
  const logger = createLogger(config.LOG_LEVEL).child({ worker: number });
  const worker = { adapter: createAdapter(), newTransportId: () => router.newTransportId(number), metrics };
  try {
    const server = await startOrUndo(async (shutdown) => {
      // After the sockets, whose requests come this way too.
      shutdown.defer('requests of other workers', router.close);
      const serving = await serve({ ...assignment, config, logger, worker }, shutdown);
      const peerPort = await router.serve(number, serving.httpServer);
      return { ...serving, peerPort };
    });
    const { url, peerPort } = server;
    await tell({ deskwire: 'serving', url, peerPort });
    await drain.promise;
    logger.info('worker drains');
    return (await closeWithin(server, drainMs, logger)) ? 0 : 1;
  } catch (error) {
    if (!(error instanceof StartFailure)) logger.fatal({ err: error }, 'worker failed');
    await tell({ deskwire: 'failed', reason: messageOf(error) });
    return 1;
  }
}

function hear(message: ToWorker): void {
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
      metrics.hear(message);
  }
}

/** Resolves when the message has been sent, or when there is no primary any more, and we are about to end. */
function tell(message: FromWorker): Promise<void> {
  return new Promise((resolve) => {
    if (cluster.worker?.isConnected()) cluster.worker.send(message, () => resolve());
    else resolve();
  });
}
