/** A user's own account: password and sessions. Absent when an outside provider signs users in. */
import Type from 'typebox';
import type { Auth } from '../../auth/auth.ts';
import { ChangePasswordBody, ConfirmResetBody, RequestResetBody, SessionList, Success } from '../../contract/auth.ts';
import { IdField } from '../../contract/fields.ts';
import type { App } from '../app.ts';
import { sessionOf, userOf } from '../requests.ts';

const tags = ['Signing in'];
const done = (description: string) => Type.Null({ description });

/** These routes need no token: a user who forgot the password has none. */
export function passwordResetRoutes(app: App, own: Auth['own']): void {
  if (own === undefined) return;
  app.post(
    '/api/v1/auth/password-reset',
    {
      schema: {
        tags,
        summary: 'Ask for a link that sets a new password',
        description: 'The answer is the same whether or not somebody has this email.',
        body: RequestResetBody,
        response: { 202: Success },
      },
    },
    async (request, reply) => {
      own.account.requestReset(request.body.email, request.ip);
      return reply.code(202).send({ success: true });
    },
  );

  app.post(
    '/api/v1/auth/password-reset/confirm',
    {
      config: { problems: [409] },
      schema: {
        tags,
        summary: 'Set a new password with the token of a link',
        description: 'The token is valid once. All sessions of the user end.',
        body: ConfirmResetBody,
        response: { 204: done('The password is set') },
      },
    },
    async (request, reply) => {
      await own.account.confirmReset({ ...request.body, address: request.ip });
      return reply.code(204).send(null);
    },
  );
}

export function accountRoutes(app: App, own: Auth['own']): void {
  if (own === undefined) return;
  app.post(
    '/api/v1/auth/password',
    {
      config: { unlogged: true, problems: [403, 409] },
      schema: {
        tags,
        summary: 'Change your password',
        description: 'Every other session of yours ends. A wrong `currentPassword` is refused with 403.',
        body: ChangePasswordBody,
        response: { 204: done('The password is changed') },
      },
    },
    async (request, reply) => {
      const who = { user: userOf(request), sessionId: sessionOf(request), address: request.ip };
      await own.account.changePassword({ ...request.body, ...who });
      return reply.code(204).send(null);
    },
  );

  app.get(
    '/api/v1/auth/sessions',
    { schema: { tags, summary: 'List your sessions', response: { 200: SessionList } } },
    async (request, reply) => {
      const current = sessionOf(request);
      const sessions = await own.account.sessions(userOf(request).id);
      const items = sessions.map(({ id, device, address, createdAt, lastUsedAt }) => ({
        id,
        current: id === current,
        ...(device !== undefined && { device }),
        ...(address !== undefined && { address }),
        createdAt: createdAt.toISOString(),
        lastUsedAt: lastUsedAt.toISOString(),
      }));
      return reply.header('cache-control', 'no-store').send({ items });
    },
  );

  app.delete(
    '/api/v1/auth/sessions/:sessionId',
    {
      config: { unlogged: true },
      schema: {
        tags,
        summary: 'End one of your sessions',
        params: Type.Object({ sessionId: IdField }),
        response: { 204: done('It has ended, and its tokens with it') },
      },
    },
    async (request, reply) => {
      await own.account.endSession(userOf(request).id, request.params.sessionId);
      return reply.code(204).send(null);
    },
  );
}
