/**
 * `npm start`: reads the configuration and starts the server. SIGINT or SIGTERM drains it; the exit code is 0. A second
 * signal ends the process at once; embedded services notice that and shut down. A failed start prints one line on
 * standard error; the exit code is 1. A drain that takes too long is aborted, and the log names what was not closed;
 * the exit code is 1, too.
 */
import { welcome } from './runtime/banner.ts';
import { readConfig } from './runtime/config.ts';
import { start } from './runtime/server.ts';
import { closeWithin } from './runtime/shutdown.ts';
import { startWorkers } from './runtime/workers/primary.ts';
import { StartFailure } from './support/start-failure.ts';
import { createLogger } from './telemetry/logging.ts';

/** Milliseconds. Ctrl-C arrives twice: from the terminal, and from npm, which forwards it. */
const sameSignalMs = 500;

/** Milliseconds to drain, after DRAIN_DELAY. Shorter when a service was lost: work that needs it cannot finish. */
const drainMs = 28_000;
const drainWhenLostMs = 10_000;

/** Resolves with the exit code. */
async function main(): Promise<number> {
  const signalled = untilSignalled();
  const config = readConfig(process.env);
  const logger = createLogger(config.LOG_LEVEL);
  const stopping = new AbortController();
  void signalled.then(() => stopping.abort());
  const starting = config.WORKERS > 1 ? startWorkers : start;
  const server = await starting(config, logger, stopping.signal);
  process.stdout.write(welcome(server.url, config.DEMO_DATA === 'on'));
  const reason = await Promise.race([signalled, server.lost]);
  const lost = reason instanceof StartFailure;
  if (lost) logger.fatal(reason.message);
  else logger.info({ signal: reason }, 'stopping');
  const closed = await closeWithin(server, lost ? drainWhenLostMs : drainMs + config.DRAIN_DELAY * 1_000, logger);
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
