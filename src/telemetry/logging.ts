/**
 * The log: JSON, one line for each thing that happened, on standard output. Tokens and passwords do not get into it,
 * even when somebody logs a whole request or handshake; message bodies are simply never logged.
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

/** What there is to say of an error. Drivers hang whole clients and rows on theirs, which say nothing and may tell too much. */
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
