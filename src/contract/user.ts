/** Users in answers, and the bodies of requests that register and change them. */
import Type, { type Static } from 'typebox';
import { ROLES } from '../domain/user/identity.ts';
import { EmailField, IdField, NameField, PasswordField, RoleField } from './fields.ts';
import { closed, count, described, flag, oneOf, pageOf, seedId, text } from './schema.ts';

export const role = oneOf(ROLES);
/** The author of an event, with the name and role at that time. */
export const actor = closed({ id: text, name: text, role });
export const namedUser = closed({ id: text, name: text });

const identity = {
  id: text,
  name: text,
  role,
  email: Type.Optional(text),
  vendorId: Type.Optional(text),
};

export const User = closed(
  { ...identity, active: flag, version: described(count, 'Of its stream; also its ETag') },
  { title: 'User', description: 'The user' },
);
export type User = Static<typeof User>;

export const UserPage = pageOf(User, 'By id');

/** The user in the answer to a sign-in. */
export const signedInUser = closed(identity);

/** The payload of the socket event `connected`. `epoch`: of the log, to be kept with cursors. */
export const greeting = closed({ message: text, userId: seedId, role, name: text, epoch: text });

const strict = { additionalProperties: false };

export const RegisterUserBody = Type.Object(
  {
    id: Type.Optional(IdField),
    name: NameField,
    role: RoleField,
    email: Type.Optional(EmailField),
    vendorId: Type.Optional(IdField),
    password: Type.Optional(PasswordField),
  },
  strict,
);

export const ChangeUserBody = Type.Object(
  {
    name: Type.Optional(NameField),
    role: Type.Optional(RoleField),
    active: Type.Optional(Type.Boolean()),
    vendorId: Type.Optional(Type.Union([IdField, Type.Null()])),
  },
  strict,
);
