/** Errors: problems over HTTP (RFC 9457); on sockets, the `error` of an ack and the event `error`. */
import Type from 'typebox';
import type { ErrorCode } from '../domain/errors.ts';
import { closed, count, oneOf, text } from './schema.ts';

/** The titles of problems, by code. */
export const PROBLEM_TITLES: Readonly<Record<ErrorCode | 'internal', string>> = {
  unauthorized: 'Unauthorized',
  token_expired: 'Token expired',
  forbidden: 'Forbidden',
  not_found: 'Not found',
  method_not_allowed: 'Method not allowed',
  invalid_payload: 'Invalid request',
  rate_limited: 'Too many requests',
  conflict: 'Conflict',
  precondition_failed: 'Precondition failed',
  idempotency_key_reused: 'Idempotency key reused',
  unusable_event_name: 'Unusable event name',
  payload_too_large: 'Payload too large',
  unsupported_media_type: 'Unsupported media type',
  unavailable: 'Service unavailable',
  internal: 'Internal error',
};

export const Problem = {
  title: 'Problem',
  type: 'object',
  required: ['type', 'title', 'status', 'detail', 'code', 'requestId', 'statusCode', 'message'],
  properties: {
    type: { type: 'string' },
    title: { type: 'string' },
    status: { type: 'integer' },
    detail: { type: 'string', description: 'For people' },
    code: { type: 'string', enum: Object.keys(PROBLEM_TITLES), description: 'For programs' },
    requestId: { type: 'string' },
    field: { type: 'string', description: 'What is wrong, as you wrote it' },
    errors: {
      type: 'array',
      items: { type: 'object', properties: { field: { type: 'string' }, detail: { type: 'string' } } },
    },
    retryAfter: { type: 'integer', description: 'Seconds' },
    statusCode: { type: 'integer' },
    message: { type: 'string' },
  },
} as const;

const refusalFields = {
  type: oneOf([
    'unauthorized',
    'token_expired',
    'forbidden',
    'not_found',
    'invalid_payload',
    'rate_limited',
    'conflict',
    'unavailable',
    'payload_too_large',
  ]),
  message: text,
  field: Type.Optional(text),
  /** Seconds. */
  retryAfter: Type.Optional(count),
};

/** The `error` of an ack. */
export const Refusal = closed(refusalFields);
/** The payload of the event `error`. */
export const RefusalEvent = closed({ ...refusalFields, event: Type.Optional(text) });
