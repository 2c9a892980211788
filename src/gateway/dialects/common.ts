/** Requests that every namespace takes. */
import Type from 'typebox';
import { type Request, request } from './dialect.ts';
import { token } from './fields.ts';

export const commonRequests: Readonly<Record<string, Request>> = {
  'auth:refresh': request(Type.Object({ token }, { additionalProperties: false }), async (call, payload) => {
    await call.tools.refreshToken(call, payload.token);
    return {};
  }),
};
