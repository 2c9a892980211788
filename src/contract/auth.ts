/** Sign-in, sessions and passwords. */
import Type from 'typebox';
import { EmailField, PasswordField } from './fields.ts';
import { LIMITS } from './limits.ts';
import { anyObject, closed, count, described, flag, listOf, maybe, oneOf, text, time } from './schema.ts';
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
    // The bound keeps a long password from occupying argon2.
    password: Type.String({ minLength: 1, maxLength: 1_024 }),
  },
  strict,
);

const RefreshToken = Type.String({ minLength: 1, maxLength: LIMITS.id });
/** The token is absent when the session is in a cookie. */
export const RefreshBody = Type.Object({ refresh_token: Type.Optional(RefreshToken) }, strict);
export const LogoutBody = Type.Object({ refresh_token: Type.Optional(RefreshToken) }, strict);

/** A password that a user has. The rules may have been others when it was set. */
const CurrentPassword = LoginBody.properties.password;
export const ChangePasswordBody = Type.Object({ currentPassword: CurrentPassword, newPassword: PasswordField }, strict);
export const RequestResetBody = Type.Object({ email: EmailField }, strict);
export const ConfirmResetBody = Type.Object(
  { token: Type.String({ minLength: 1, maxLength: LIMITS.id }), newPassword: PasswordField },
  strict,
);

export const PasswordLink = closed(
  { url: described(text, 'Sets a password, once'), expiresAt: time },
  { title: 'PasswordLink', description: 'Hand it to the user: it is shown this once' },
);

export const SessionList = closed(
  {
    items: listOf(
      closed({
        id: text,
        current: described(flag, 'It is the session of this request'),
        device: Type.Optional(described(text, 'As the client named itself')),
        address: Type.Optional(text),
        createdAt: time,
        lastUsedAt: described(time, 'Its start, or its last refresh'),
      }),
    ),
  },
  { title: 'SessionList', description: 'Your sessions, the last used one first' },
);
