/** Signing in, staying in and out. */
import Type from 'typebox';
import { LIMITS } from './limits.ts';
import { anyObject, closed, count, described, flag, listOf, maybe, oneOf, text } from './schema.ts';
import { signedInUser } from './user.ts';

export const Tokens = closed(
  {
    access_token: text,
    refresh_token: maybe(described(text, 'Good once. Absent when it is in a cookie')),
    token_type: oneOf(['Bearer']),
    expires_in: described(count, 'Seconds until the access token expires'),
    user: signedInUser,
  },
  { title: 'Tokens', description: 'You are signed in' },
);
export const Success = closed({ success: flag }, { description: 'Done' });
export const Keys = closed({ keys: listOf(anyObject) }, { description: 'Public keys, as a JSON Web Key Set' });

const strict = { additionalProperties: false };

export const LoginBody = Type.Object(
  {
    email: Type.String({ minLength: 1, maxLength: 320 }),
    // Longer ones would only keep argon2 busy.
    password: Type.String({ minLength: 1, maxLength: 1_024 }),
  },
  strict,
);

const RefreshToken = Type.String({ minLength: 1, maxLength: LIMITS.id });
/** Without a token only where the session is in a cookie. */
export const RefreshBody = Type.Object({ refresh_token: Type.Optional(RefreshToken) }, strict);
export const LogoutBody = Type.Object({ refresh_token: Type.Optional(RefreshToken) }, strict);
