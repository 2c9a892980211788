/** Requests and events that every namespace has, whatever its dialects. Source: docs/protocol.md section 2. */
import Type, { type TSchema } from 'typebox';
import { RefusalEvent } from '../../contract/problem.ts';
import { closed, count } from '../../contract/schema.ts';
import { pushedEvents } from '../../contract/sockets.ts';
import { greeting } from '../../contract/user.ts';
import { token } from './fields.ts';
import { type Request, request } from './request.ts';

export const commonRequests: Readonly<Record<string, Request>> = {
  'auth:refresh': request(Type.Object({ token }, { additionalProperties: false }), async (call, payload) => {
    await call.context.refreshToken(payload.token);
    return {};
  }),
};

export const commonEvents: Readonly<Record<string, TSchema>> = {
  connected: greeting,
  error: RefusalEvent,
  'server:draining': closed({ retryAfter: count }),
  // Socket pushes reach sockets of every namespace. Source: docs/protocol.md section 6.
  ...pushedEvents,
};
