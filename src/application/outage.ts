/**
 * Tells an outage of a backing service from a fault of Deskwire. After an outage clients may try again. Sources:
 * PostgreSQL's error codes by class (appendix A), Node's system errors, and the messages of pg's own errors, which have
 * no code.
 */
import { DeskwireError } from '../domain/errors.ts';

/** Connection exceptions, insufficient resources, operator intervention (a shutdown), system errors. */
const SQLSTATE = /^(08|53|57|58)[0-9A-Z]{3}$/;
const SYSTEM = new Set(['ECONNREFUSED', 'ECONNRESET', 'ETIMEDOUT', 'EPIPE', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH']);
const PG =
  /^(Connection terminated|timeout exceeded when trying to connect|Query read timeout|Client has encountered a connection error)/;

/** `unavailable` for an outage; any other error unchanged. */
export function asOutage(error: unknown): unknown {
  if (error instanceof DeskwireError || !isOutage(error)) return error;
  return new DeskwireError('unavailable', 'Please try again in a moment', { retryAfter: 2, cause: error });
}

function isOutage(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = 'code' in error ? error.code : undefined;
  if (typeof code === 'string') return SQLSTATE.test(code) || SYSTEM.has(code);
  return PG.test(error.message);
}
