/**
 * One request of a dialect's table: the schema of its payload, the schema of its ack, and the function that answers it.
 */
import Type, { type Static, type TSchema } from 'typebox';
import type { Caller } from '../../application/application.ts';
import { validator } from '../../contract/validation.ts';
import type { DialectClient, DialectContext } from './context.ts';

/** One request that is being answered. */
export interface Call {
  readonly client: DialectClient;
  readonly context: DialectContext;
  /** Names the request in logs and in the metadata of events that it causes. */
  readonly correlationId: string;
  /** Whether the client waits for an ack. */
  readonly acked: boolean;
  /** Acknowledges now, in this tick. The handler's result is then not sent. */
  reply(fields: object): void;
}

/** The fields of a successful ack beside `success`. */
export type Reply = object | undefined;

export interface Request {
  readonly payload: TSchema;
  readonly reply: TSchema;
  /** Throws `invalid_payload` for an invalid payload, before anything is done. Requests of one lane run in order. */
  prepare(payload: unknown): { readonly lane: string; answer(call: Call): Promise<Reply> | Reply };
}

const NO_FIELDS = Type.Object({});

/**
 * Describes a request. `reply`: the fields of the ack without `success`. A missing payload counts as an empty object.
 */
export function request<S extends TSchema>(
  payload: S,
  answer: (call: Call, payload: Static<S>) => Promise<Reply> | Reply,
  reply: TSchema = NO_FIELDS,
): Request {
  const validate = validator(payload);
  return {
    payload,
    reply,
    prepare(given) {
      const valid = validate(given ?? {});
      return { lane: laneOf(valid), answer: (call) => answer(call, valid) };
    },
  };
}

/** The caller, as use cases take it. */
export function callerOf({ client, correlationId }: Call): Caller {
  const { user, address, traceparent } = client;
  return { user, correlationId, address, ...(traceparent !== undefined && { traceparent }) };
}

/** Requests for one ticket, room or stream are answered in the order in which they were sent. */
function laneOf(payload: unknown): string {
  if (typeof payload !== 'object' || payload === null) return '';
  const { ticketId, room, stream }: { ticketId?: unknown; room?: unknown; stream?: unknown } = payload;
  return String(ticketId ?? room ?? stream ?? '');
}
