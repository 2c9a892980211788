/** Login, refresh, logout, and the public keys of our tokens. Absent when an outside provider signs users in. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Static } from 'typebox';
import type { Auth } from '../../auth/auth.ts';
import type { Tokens } from '../../auth/login.ts';
import { SESSION_DAYS } from '../../auth/sessions.ts';
import { Keys, LoginBody, LogoutBody, RefreshBody, Success, Tokens as TokensAnswer } from '../../contract/auth.ts';
import { DeskwireError } from '../../domain/errors.ts';
import type { App } from '../app.ts';
import { bearerOf, refreshClientOf } from '../requests.ts';
import { clearSessionCookie, sessionCookieOf, setSessionCookie, usesSessionCookie } from '../session-cookie.ts';

const tags = ['Signing in'];

export function authRoutes(app: App, auth: Auth): void {
  if (auth.own === undefined) return;
  const { own } = auth;
  const { login } = own;

  app.post(
    '/api/v1/auth/login',
    {
      config: { problems: [401, 429] },
      schema: { tags, summary: 'Sign in', body: LoginBody, response: { 200: TokensAnswer } },
    },
    async (request, reply) => {
      const inCookie = usesSessionCookie(request);
      const tokens = await login.login({ ...request.body, address: request.ip, device: request.headers['user-agent'] });
      // The cookie is replaced, so the session that it held could never be ended.
      const before = inCookie ? sessionCookieOf(request) : undefined;
      if (before !== undefined) await login.logoutWith(before);
      return answer(request, reply, tokens, inCookie);
    },
  );

  app.post(
    '/api/v1/auth/refresh',
    {
      config: { problems: [401] },
      schema: {
        tags,
        summary: 'Exchange a refresh token for the next',
        description:
          'A refresh token that is used a second time ends the session. Only a client that lost the answer may repeat ' +
          'the refresh, once and within 30 seconds: with the same Idempotency-Key, or from the same address.',
        body: RefreshBody,
        response: { 200: TokensAnswer },
      },
    },
    async (request, reply) => {
      const inCookie = usesSessionCookie(request);
      const tokens = await login.refresh(refreshTokenOf(request, inCookie), refreshClientOf(request));
      return answer(request, reply, tokens, inCookie);
    },
  );

  // Either token names the session to end, because the access token may have expired.
  app.post(
    '/api/v1/auth/logout',
    {
      config: { problems: [401] },
      schema: {
        tags,
        summary: 'Sign out',
        description: 'Ends the session of the refresh token in the body or cookie, or of the bearer token.',
        body: LogoutBody,
        response: { 200: Success },
      },
    },
    async (request, reply) => {
      const inCookie = usesSessionCookie(request);
      const refreshToken = request.body.refresh_token ?? (inCookie ? sessionCookieOf(request) : undefined);
      if (inCookie) clearSessionCookie(request, reply);
      if (refreshToken !== undefined) {
        await login.logoutWith(refreshToken);
      } else if (!inCookie) {
        const { sessionId } = await auth.authenticate(bearerOf(request));
        if (sessionId !== undefined) await login.logout(sessionId);
      }
      return reply.send({ success: true });
    },
  );

  app.get(
    '/.well-known/jwks.json',
    { schema: { tags, summary: 'Read the keys to verify our tokens with', response: { 200: Keys } } },
    (_request, reply) => {
      reply.header('cache-control', 'public, max-age=300');
      return own.jwks;
    },
  );
}

function refreshTokenOf(request: FastifyRequest<{ Body: Static<typeof RefreshBody> }>, inCookie: boolean): string {
  const { refresh_token: given } = request.body;
  if (given !== undefined) return given;
  if (!inCookie) throw new DeskwireError('invalid_payload', 'refresh_token is required', { field: 'refresh_token' });
  const kept = sessionCookieOf(request);
  if (kept === undefined) throw new DeskwireError('unauthorized', 'The refresh token is not valid');
  return kept;
}

function answer(request: FastifyRequest, reply: FastifyReply, tokens: Tokens, inCookie: boolean) {
  reply.header('cache-control', 'no-store');
  const { refresh_token, ...others } = rendered(tokens);
  if (!inCookie) return reply.send({ refresh_token, ...others });
  setSessionCookie(request, reply, refresh_token, SESSION_DAYS * 86_400);
  return reply.send(others);
}

function rendered({ accessToken, refreshToken, expiresIn, user }: Tokens) {
  const { id, name, role, email, vendorId } = user;
  return {
    access_token: accessToken,
    refresh_token: refreshToken,
    token_type: 'Bearer' as const,
    expires_in: expiresIn,
    user: { id, name, role, ...(email !== undefined && { email }), ...(vendorId !== undefined && { vendorId }) },
  };
}
