/** Users: `/api/v1/users`. Staff find them, admins change them, services register them. */
import Type from 'typebox';
import type { Application } from '../../application/application.ts';
import { changeUser, getUser, issuePasswordReset, listUsers, registerUser } from '../../application/users.ts';
import type { Auth } from '../../auth/auth.ts';
import { PasswordLink } from '../../contract/auth.ts';
import { CursorField, IdField, PageSizeField, RoleField, roleIn, SearchField } from '../../contract/fields.ts';
import { ChangeUserBody, RegisterUserBody, User, UserPage } from '../../contract/user.ts';
import type { App } from '../app.ts';
import { callerOf, setETag, setPositionHeader, userOf } from '../requests.ts';

const tags = ['Users'];
const Params = Type.Object({ userId: IdField });

const ListQuery = Type.Object(
  {
    role: Type.Optional(RoleField),
    active: Type.Optional(Type.Boolean()),
    assignable: Type.Optional(Type.Boolean()),
    q: Type.Optional(SearchField),
    cursor: Type.Optional(CursorField),
    limit: Type.Optional(PageSizeField),
  },
  { additionalProperties: false },
);

export function userRoutes(app: App, application: Application, own: Auth['own'], publicUrl?: string): void {
  app.get(
    '/api/v1/users',
    {
      config: { problems: [403] },
      schema: {
        tags,
        summary: 'List users',
        description:
          'For staff. `q` searches the words of the name and the email. `assignable` lists, by name, the users whom ' +
          'tickets can be assigned to.',
        querystring: ListQuery,
        response: { 200: UserPage },
      },
    },
    async (request) => {
      const { role, active, assignable, q, cursor, limit = 50 } = request.query;
      const filter = {
        ...(role !== undefined && { role: roleIn(role) }),
        ...(active !== undefined && { active }),
        ...(assignable !== undefined && { assignable }),
        ...(q !== undefined && { text: q }),
      };
      return listUsers(application, userOf(request), filter, { limit, ...(cursor !== undefined && { cursor }) });
    },
  );

  app.post(
    '/api/v1/users',
    {
      config: { etag: true, problems: [403, 409] },
      schema: {
        tags,
        summary: 'Register a user',
        description:
          'For admins; services register users who are not staff. `id` is the id of your product, if it has one. ' +
          'With an `email` and a `password` the user can sign in.',
        body: RegisterUserBody,
        response: { 201: User },
      },
    },
    async (request, reply) => {
      const input = { ...request.body, role: roleIn(request.body.role) };
      const outcome = await registerUser(application, callerOf(request), own, input);
      setPositionHeader(reply, outcome);
      setETag(reply, outcome);
      const location = `/api/v1/users/${encodeURIComponent(outcome.user.id)}`;
      return reply.code(201).header('location', location).send(outcome.user);
    },
  );

  app.get(
    '/api/v1/users/me',
    { config: { etag: true }, schema: { tags, summary: 'Read your own user', response: { 200: User } } },
    async (request, reply) => {
      const user = await getUser(application, userOf(request), userOf(request).id);
      setETag(reply, user);
      return user;
    },
  );

  app.get(
    '/api/v1/users/:userId',
    {
      config: { etag: true, problems: [403] },
      schema: {
        tags,
        summary: 'Read a user',
        description: 'For yourself and for staff.',
        params: Params,
        response: { 200: User },
      },
    },
    async (request, reply) => {
      const user = await getUser(application, userOf(request), request.params.userId);
      setETag(reply, user);
      return user;
    },
  );

  app.patch(
    '/api/v1/users/:userId',
    {
      config: { etag: true, problems: [403, 409] },
      schema: {
        tags,
        summary: 'Change a user',
        description:
          'For admins. The sockets of a deactivated user are closed and their tokens stop working at once. Admins cannot ' +
          'deactivate or demote themselves.',
        params: Params,
        body: ChangeUserBody,
        response: { 200: User },
      },
    },
    async (request, reply) => {
      const { role, ...others } = request.body;
      const input = { ...others, ...(role !== undefined && { role: roleIn(role) }) };
      const outcome = await changeUser(application, callerOf(request), own, request.params.userId, input);
      setPositionHeader(reply, outcome);
      setETag(reply, outcome);
      return outcome.user;
    },
  );

  if (own === undefined) return;
  app.post(
    '/api/v1/users/:userId/password-reset',
    {
      config: { unlogged: true, problems: [403, 409] },
      schema: {
        tags,
        summary: 'Make a link with which a user sets a new password',
        description: 'For admins. The link is valid once, for an hour; the next one replaces it.',
        params: Params,
        response: { 201: PasswordLink },
      },
    },
    async (request, reply) => {
      const { token, expiresAt } = await issuePasswordReset(application, userOf(request), own, request.params.userId);
      const base = publicUrl ?? `${request.protocol}://${request.host}`;
      const url = `${base}/reset-password?token=${token}`;
      return reply.code(201).header('cache-control', 'no-store').send({ url, expiresAt: expiresAt.toISOString() });
    },
  );
}
