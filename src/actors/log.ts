/** The methods of the logger that the actors use. */
import type { Logger } from 'pino';

export type Log = Pick<Logger, 'warn' | 'error'>;
