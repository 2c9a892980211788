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
];
const depths = ['', '*.', '*.*.'];

export function createLogger(level: string, destination?: DestinationStream): Logger {
  const options = {
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    redact: { paths: depths.flatMap((depth) => secrets.map((secret) => depth + secret)), censor: '[redacted]' },
  };
  return destination ? pino(options, destination) : pino(options);
}
