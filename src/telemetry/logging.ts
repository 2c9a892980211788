/**
 * The process's log: one JSON line per entry, on standard output. Tokens and passwords are redacted, even when code
 * logs a whole request or handshake. Message bodies are never logged.
 */
import { type DestinationStream, type Logger, pino } from 'pino';

export type { Logger } from 'pino';

const secrets = [
  'password',
  'token',
  'access_token',
  'refresh_token',
  'accessToken',
  'refreshToken',
  'authorization',
  'cookie',
  'DATABASE_URL',
  'NATS_URL',
  'METRICS_TOKEN',
];
const depths = ['', '*.', '*.*.'];

export function createLogger(level: string, destination?: DestinationStream): Logger {
  const options = {
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    serializers: { err: errorFacts },
    redact: { paths: depths.flatMap((depth) => secrets.map((secret) => depth + secret)), censor: '[redacted]' },
  };
  return destination ? pino(options, destination) : pino(options);
}

interface ErrorFacts {
  readonly type: string;
  readonly message: string;
  readonly code?: unknown;
  readonly stack?: string | undefined;
  readonly cause?: ErrorFacts;
}

/** The facts of an error worth logging. Drivers attach whole clients and rows to errors, which may contain secrets. */
function errorFacts(error: unknown): ErrorFacts {
  if (!(error instanceof Error)) return { type: typeof error, message: String(error) };
  const code = 'code' in error ? error.code : undefined;
  return {
    type: error.name,
    message: error.message,
    ...(code !== undefined && { code }),
    stack: error.stack,
    ...(error.cause !== undefined && { cause: errorFacts(error.cause) }),
  };
}
