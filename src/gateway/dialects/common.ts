/** The requests and events of every namespace, for all of its dialects. Source: docs/protocol.md section 2. */
import Type, { type TSchema } from 'typebox';
import { token } from './fields.ts';
import { anyJson, closed, count, greeting, text } from './payloads.ts';
import { type Request, request } from './request.ts';

export const commonRequests: Readonly<Record<string, Request>> = {
  'auth:refresh': request(Type.Object({ token }, { additionalProperties: false }), async (call, payload) => {
    await call.context.refreshToken(payload.token);
    return {};
  }),
};

const errorFields = {
  type: Type.Unsafe<string>({
    type: 'string',
    enum: [
      'unauthorized',
      'token_expired',
      'forbidden',
      'not_found',
      'invalid_payload',
      'rate_limited',
      'conflict',
      'unavailable',
      'payload_too_large',
    ],
  }),
  message: text,
  field: Type.Optional(text),
  /** Seconds. */
  retryAfter: Type.Optional(count),
};

/** As acks carry it. */
export const refusal = closed(errorFields);

export const commonEvents: Readonly<Record<string, TSchema>> = {
  connected: greeting,
  error: closed({ ...errorFields, event: Type.Optional(text) }),
  'server:draining': closed({ retryAfter: count }),
  // Socket pushes of services and admins reach sockets of every namespace. Source: docs/protocol.md section 6.
  notification: closed({ type: text, title: text, message: text, data: Type.Optional(anyJson) }),
  chatMessage: anyJson,
  whatsappStatusUpdate: anyJson,
  whatsappMessageUpdate: anyJson,
  conversationUpdate: anyJson,
};
