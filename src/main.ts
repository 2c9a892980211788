/**
 * `npm start`: reads the configuration, starts the server, and stops it on SIGINT or SIGTERM: drained, exit code 0.
 * A second signal ends it at once; the services that it started still shut down properly, since they notice that we
 * are gone. What keeps it from starting is one line on standard error, exit code 1. A drain that takes too long is cut
 * off, after saying what it left, also with exit code 1.
 */

import { welcome } from './runtime/banner.ts';
import { readConfig } from './runtime/config.ts';
import { start } from './runtime/server.ts';
import { closeWithin } from './runtime/shutdown.ts';
import { startWorkers } from './runtime/workers/primary.ts';
import { StartFailure } from './support/start-failure.ts';
import { createLogger } from './telemetry/logging.ts';

/** A terminal's Ctrl-C reaches us twice: from the terminal, and once more from npm, which passes it on. */
const sameSignalMs = 500;

/** Time to drain in. When a service is lost, what waits for it is not waited for that long. */
const drainMs = 28_000;
const drainWhenLostMs = 10_000;

/** Resolves with the exit code. */
async function main(): Promise<number> {
  const signalled = untilSignalled();
  const config = readConfig(process.env);
  const logger = createLogger(config.LOG_LEVEL);
  const server = await (config.WORKERS > 1 ? startWorkers(config, logger) : start(config, logger));
  process.stdout.write(welcome(server.url, config.DEMO_DATA === 'on'));
  const reason = await Promise.race([signalled, server.lost]);
  const lost = reason instanceof StartFailure;
  if (lost) logger.fatal(reason.message);
  else logger.info({ signal: reason }, 'stopping');
  const closed = await closeWithin(server, lost ? drainWhenLostMs : drainMs, logger);
  logger.info('stopped');
  return lost || !closed ? 1 : 0;
}

function untilSignalled(): Promise<NodeJS.Signals> {
  const { promise, resolve } = Promise.withResolvers<NodeJS.Signals>();
  let first: number | undefined;
  const listener = (signal: NodeJS.Signals) => {
    first ??= Date.now();
    if (Date.now() - first > sameSignalMs) process.exit(130);
    resolve(signal);
  };
  process.on('SIGINT', listener);
  process.on('SIGTERM', listener);
  return promise;
}

try {
  process.exit(await main());
} catch (error) {
  if (!(error instanceof StartFailure)) throw error;
  process.stderr.write(`deskwire: ${error.message}\n`);
  process.exit(1);
}
