/**
 * Telling a handler that cannot handle an event from a database that fails: the one is about events and stays until they
 * are dealt with, the other passes. This is where parking an event starts from.
 */
import { DatabaseError } from 'pg';
import type { RecordedEvent } from '../../domain/event.ts';
import type { ProjectionHandler, Writes } from './projection.ts';

const MAX_REASON = 2_000;

/**
 * SQLSTATE classes in which Postgres refuses what an event makes of its data: cardinality, data, integrity constraints,
 * program limits (a key too long for an index), errors raised by a projection's own functions.
 */
const ABOUT_THE_DATA = /^(21|22|23|54|P0)/;

/** A handler failed on one of these events; on exactly that one when they are the same. */
export class HandlerError extends Error {
  override readonly name = 'HandlerError';
  readonly first: RecordedEvent;
  readonly last: RecordedEvent;
  /** What the handler or the database said, for the operator; bounded. */
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
