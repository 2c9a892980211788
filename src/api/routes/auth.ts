/** Login, refresh, logout, and the public keys of our tokens. Absent when an outside provider signs users in. */
import type { Auth } from '../../auth/auth.ts';
import type { Tokens } from '../../auth/login.ts';
import { Keys, LoginBody, LogoutBody, RefreshBody, Success, Tokens as TokensAnswer } from '../../contract/auth.ts';
import type { App } from '../app.ts';
import { bearerOf } from '../requests.ts';

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
      const origin = { address: request.ip, device: request.headers['user-agent'] };
      const tokens = await login.login({ ...request.body, ...origin });
      return reply.header('cache-control', 'no-store').send(rendered(tokens));
    },
  );

  app.post(
    '/api/v1/auth/refresh',
    {
      config: { problems: [401] },
      schema: {
        tags,
        summary: 'Exchange a refresh token for the next',
        description: 'A refresh token that is used a second time ends the session.',
        body: RefreshBody,
        response: { 200: TokensAnswer },
      },
    },
    async (request, reply) => {
      const tokens = await login.refresh(request.body.refresh_token);
      return reply.header('cache-control', 'no-store').send(rendered(tokens));
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
        description: 'Ends the session of the refresh token in the body, or of the bearer token.',
        body: LogoutBody,
        response: { 200: Success },
      },
    },
    async (request, reply) => {
      const { refresh_token: refreshToken } = request.body;
      if (refreshToken !== undefined) {
        await login.logoutWith(refreshToken);
      } else {
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
