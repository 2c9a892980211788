/**
 * `npm start`: reads the configuration, starts the server, and stops it on SIGINT or SIGTERM: drained, exit code 0.
 * A second signal ends it at once; the services that it started still shut down properly, since they notice that we
 * are gone. What keeps it from starting is one line on standard error, exit code 1.
 */
import { readConfig } from './config.ts';
import { createLogger } from './logging.ts';
import { start } from './server.ts';
import { StartFailure } from './services/failure.ts';
import { welcome } from './welcome.ts';

/** A terminal's Ctrl-C reaches us twice: from the terminal, and once more from npm, which passes it on. */
const sameSignalMs = 500;

/** When a service is lost, what waits for it while draining is not waited for longer than this. */
const patienceWhenLostMs = 10_000;

/** Resolves with the exit code. */
async function main(): Promise<number> {
  const signalled = untilSignalled();
  const config = readConfig(process.env);
  const logger = createLogger(config.LOG_LEVEL);
  const server = await start(config, logger);
  process.stdout.write(welcome(server.url, config.DEMO_DATA === 'on'));
  const reason = await Promise.race([signalled, server.lost]);
  const lost = reason instanceof StartFailure;
  if (lost) {
    logger.fatal(reason.message);
    setTimeout(() => process.exit(1), patienceWhenLostMs).unref();
  } else {
    logger.info({ signal: reason }, 'stopping');
  }
  await server.close();
  logger.info('stopped');
  return lost ? 1 : 0;
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
