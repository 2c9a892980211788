/**
 * The fields that clients send, with their limits in characters: one schema for HTTP and sockets. `validation.ts`
 * applies the rule for text to all of them.
 */
import Type, { type Static } from 'typebox';
import { DeskwireError } from '../domain/errors.ts';
import { PRIORITIES } from '../domain/priority.ts';
import { REFERENCE_TYPES } from '../domain/reference/events.ts';
import { ROOM_NAME } from '../domain/room/name.ts';
import { ONE_LINE } from '../domain/text.ts';
import { POSTABLE_MESSAGE_TYPES } from '../domain/ticket/events.ts';
import { CATEGORIES, STATUSES } from '../domain/ticket/fields.ts';
import { parseRole, ROLES, type Role } from '../domain/user/identity.ts';
import { LIMITS } from './limits.ts';
import { oneOf } from './schema.ts';

/** For every name and id. */
const oneLine = { pattern: ONE_LINE.source };

/** The largest number of 31 bits. It fits wherever versions, seqs and limits are stored. */
const MAX_COUNT = 2_147_483_647;

export const StatusField = oneOf(STATUSES);
export const CategoryField = oneOf(CATEGORIES);
export const PriorityField = oneOf(PRIORITIES);
export const MessageTypeField = oneOf(POSTABLE_MESSAGE_TYPES);

/** `roleIn` checks the name, without regard to case. */
export const RoleField = Type.String({ minLength: 1, maxLength: 16, description: `In any case: ${ROLES.join(', ')}` });
export const ReferenceTypeField = oneOf(REFERENCE_TYPES);

export const DescriptionField = Type.String({ minLength: 1, maxLength: LIMITS.description });
/** May be empty when there are attachments. */
export const MessageField = Type.String({ maxLength: LIMITS.message });
/** The id of a user, a station and the like, which other systems chose. */
export const IdField = Type.String({ minLength: 1, maxLength: LIMITS.id, ...oneLine });
/** The name of a person or a thing. */
export const NameField = Type.String({ minLength: 1, maxLength: LIMITS.name, ...oneLine });
/** The title of a notification. */
export const TitleField = Type.String({ minLength: 1, maxLength: LIMITS.title, ...oneLine });
/** Only the form that every address has. Only its mail server knows whether an address exists. */
export const EmailField = Type.String({ maxLength: LIMITS.email, pattern: '^[^\\s@]+@[^\\s@]+$' });
/** A new password. `auth/password-rules.ts` also refuses common ones. */
export const PasswordField = Type.String({ minLength: LIMITS.shortestPassword, maxLength: LIMITS.password });
export const TagsField = Type.Array(Type.String({ minLength: 1, maxLength: LIMITS.tag, ...oneLine }), {
  maxItems: LIMITS.tags,
  uniqueItems: true,
});
/** The words of a search. */
export const SearchField = Type.String({ minLength: 1, maxLength: LIMITS.search });
export const RoomNameField = Type.String({ pattern: ROOM_NAME.source });
/** An id where a seed has numbers: both forms are accepted. */
export const LegacyIdField = Type.Unsafe<string | number>({
  anyOf: [
    { type: 'string', minLength: 1, maxLength: LIMITS.id, ...oneLine },
    { type: 'integer', minimum: 0, maximum: Number.MAX_SAFE_INTEGER },
  ],
});
/** An id, or a number of at most 15 digits: the conversion of a longer one could change it. */
const TICKET_ID = '(?!\\d{16,}(?:$|,))[A-Za-z0-9-]{1,64}';
/** A ticket's id or number. */
export const TicketIdField = Type.String({ pattern: `^${TICKET_ID}$` });
/** Up to 100 ids, with commas between them. */
export const TicketIdsField = Type.String({ pattern: `^${TICKET_ID}(,${TICKET_ID}){0,99}$` });
export const KeyField = Type.String({ minLength: 1, maxLength: LIMITS.id, ...oneLine });
export const VersionField = Type.Integer({ minimum: 0, maximum: MAX_COUNT });
/**
 * The last version, or seq, that a client has. One beyond the end of the stream is valid, and the answer to it says to
 * load afresh. So the bound is the largest safe integer.
 */
export const LastVersionField = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });
/** Opaque here. The list that issued it decodes it. */
export const CursorField = Type.String({ minLength: 1, maxLength: 512 });
export const PageSizeField = Type.Integer({ minimum: 1, maximum: LIMITS.pageSize });
export const HistorySizeField = Type.Integer({ minimum: 1, maximum: LIMITS.historySize });
export const AttachmentReference = Type.Union([IdField, Type.Object({ id: IdField }, { additionalProperties: true })]);

/** The fields of `send_message` and `POST …/chat`, without the ticket. */
export const messageFields = {
  message: MessageField,
  messageType: Type.Optional(MessageTypeField),
  attachments: Type.Optional(Type.Array(AttachmentReference, { maxItems: LIMITS.attachments })),
  internal: Type.Optional(Type.Boolean()),
  clientMessageId: Type.Optional(KeyField),
};

export const PostMessageBody = Type.Object(messageFields, { additionalProperties: false });
export type PostMessageBody = Static<typeof PostMessageBody>;

/** Throws `invalid_payload` for the field `role` when the name is no role. */
export function roleIn(name: string): Role {
  const role = parseRole(name);
  if (role === undefined) throw new DeskwireError('invalid_payload', 'role must be a role', { field: 'role' });
  return role;
}
