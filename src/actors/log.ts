/** What the actors need of the process's logger. */
import type { Logger } from 'pino';

export type Log = Pick<Logger, 'warn' | 'error'>;
