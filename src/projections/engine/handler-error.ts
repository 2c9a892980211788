/**
 * Tells an event that cannot be handled from a database that fails. An event that cannot be handled fails again until
 * it is parked; a database failure passes.
 */
import { DatabaseError } from 'pg';
import type { RecordedEvent } from '../../domain/event.ts';
import type { ProjectionHandler, Writes } from './projection.ts';

/** Characters of a reason that are kept. */
const MAX_REASON = 2_000;

/**
 * SQLSTATE classes of errors that the data of an event causes: cardinality, data, integrity constraints, program limits
 * (a key too long for an index), errors raised by a projection's own functions.
 */
const ABOUT_THE_DATA = /^(21|22|23|54|P0)/;

/** A handler failed on an event between `first` and `last`; both are that event when it is known. */
export class HandlerError extends Error {
  override readonly name = 'HandlerError';
  readonly first: RecordedEvent;
  readonly last: RecordedEvent;
  /** The message of the handler or the database, for the operator; at most MAX_REASON characters. */
  readonly reason: string;

  constructor(first: RecordedEvent, last: RecordedEvent, cause: unknown) {
    const which =
      first === last ? `${first.position} (${first.type} in ${first.stream})` : `${first.position} to ${last.position}`;
    const reason = (cause instanceof Error ? cause.message : String(cause)).slice(0, MAX_REASON);
    super(`cannot handle event ${which}: ${reason}`, { cause });
    this.reason = reason;
    this.first = first;
    this.last = last;
  }
}

export function fold(handler: ProjectionHandler, events: readonly RecordedEvent[]): Writes | undefined {
  try {
    return handler.fold(events);
  } catch (error) {
    throw handlerError(events, error);
  }
}

/** Attributes a refusal of the data by Postgres to the events; any other error is returned as it is. */
export function attribute(error: unknown, events: readonly RecordedEvent[]): unknown {
  return error instanceof DatabaseError && ABOUT_THE_DATA.test(error.code ?? '') ? handlerError(events, error) : error;
}

function handlerError(events: readonly RecordedEvent[], cause: unknown): unknown {
  const [first] = events;
  const last = events.at(-1);
  return first && last ? new HandlerError(first, last, cause) : cause;
}
