/** One request of a dialect's table: the schema of its payload, what its ack carries, and how it is answered. */
import Type, { type Static, type TSchema } from 'typebox';
import { validator } from '../../contract/validation.ts';
import type { Session } from '../connection/client.ts';
import type { Toolbox } from '../toolbox.ts';

/** One request being answered. */
export interface Call {
  readonly session: Session;
  readonly tools: Toolbox;
  readonly correlationId: string;
  /** Whether the client waits for an ack. */
  readonly acked: boolean;
  /** Acknowledges now, in this very tick; what the answer resolves with is then not sent. */
  reply(fields: object): void;
}

/** The fields that a successful ack carries beside `success`. */
export type Reply = object | undefined;

export interface Request {
  readonly payload: TSchema;
  readonly reply: TSchema;
  /** Throws DeskwireError `invalid_payload` before anything is done. Requests of one lane are answered in order. */
  prepare(payload: unknown): { readonly lane: string; answer(call: Call): Promise<Reply> | Reply };
}

const NO_FIELDS = Type.Object({});

/** A missing payload is an empty object. `reply`: the fields of the ack, without `success`. */
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

/** What concerns one ticket, room or stream happens in the order in which it was sent. */
function laneOf(payload: unknown): string {
  if (typeof payload !== 'object' || payload === null) return '';
  const { ticketId, room, stream }: { ticketId?: unknown; room?: unknown; stream?: unknown } = payload;
  return String(ticketId ?? room ?? stream ?? '');
}
