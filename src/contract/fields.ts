/**
 * The fields that clients send, with their limits in characters, once for HTTP and sockets. Control characters and the
 * like are refused for all text alike, in `validation.ts`.
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

/** Of everything by which people or programs call something. */
const oneLine = { pattern: ONE_LINE.source };

/** At most an unsigned 31-bit number: what fits every place where versions, seqs and limits go. */
const MAX_COUNT = 2_147_483_647;

export const StatusField = oneOf(STATUSES);
export const CategoryField = oneOf(CATEGORIES);
export const PriorityField = oneOf(PRIORITIES);
export const MessageTypeField = oneOf(POSTABLE_MESSAGE_TYPES);

/** Checked beyond this by `roleIn`, since case does not matter. */
export const RoleField = Type.String({ minLength: 1, maxLength: 16, description: `In any case: ${ROLES.join(', ')}` });
export const ReferenceTypeField = oneOf(REFERENCE_TYPES);

export const DescriptionField = Type.String({ minLength: 1, maxLength: LIMITS.description });
/** May be empty, beside attachments. */
export const MessageField = Type.String({ maxLength: LIMITS.message });
/** Of something that others named: a user, a station. */
export const IdField = Type.String({ minLength: 1, maxLength: LIMITS.id, ...oneLine });
/** Of a person or a thing, for people to read. */
export const NameField = Type.String({ minLength: 1, maxLength: LIMITS.name, ...oneLine });
/** Of a notification. */
export const TitleField = Type.String({ minLength: 1, maxLength: LIMITS.title, ...oneLine });
/** Only what every address has: whether one exists, its server knows. */
export const EmailField = Type.String({ maxLength: LIMITS.email, pattern: '^[^\\s@]+@[^\\s@]+$' });
/** A new one; `auth/password-rules.ts` also refuses the common ones. */
export const PasswordField = Type.String({ minLength: LIMITS.shortestPassword, maxLength: LIMITS.password });
export const TagsField = Type.Array(Type.String({ minLength: 1, maxLength: LIMITS.tag, ...oneLine }), {
  maxItems: LIMITS.tags,
  uniqueItems: true,
});
/** Words to look for. */
export const SearchField = Type.String({ minLength: 1, maxLength: LIMITS.search });
export const RoomNameField = Type.String({ pattern: ROOM_NAME.source });
/** Where a seed has numbers for ids, both forms are accepted. */
export const LegacyIdField = Type.Unsafe<string | number>({
  anyOf: [
    { type: 'string', minLength: 1, maxLength: LIMITS.id, ...oneLine },
    { type: 'integer', minimum: 0, maximum: Number.MAX_SAFE_INTEGER },
  ],
});
/** An id, or a number of at most 15 digits: a longer one could be another number by the time that it is compared. */
const TICKET_ID = '(?!\\d{16,}(?:$|,))[A-Za-z0-9-]{1,64}';
/** A ticket's id or number. */
export const TicketIdField = Type.String({ pattern: `^${TICKET_ID}$` });
/** Up to 100 ids, with commas between them. */
export const TicketIdsField = Type.String({ pattern: `^${TICKET_ID}(,${TICKET_ID}){0,99}$` });
export const KeyField = Type.String({ minLength: 1, maxLength: LIMITS.id, ...oneLine });
export const VersionField = Type.Integer({ minimum: 0, maximum: MAX_COUNT });
/**
 * The last version, or seq, that a client has. One beyond the end is a valid question, with the answer that the client
 * must load afresh, so the bound is that of whole numbers.
 */
export const LastVersionField = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });
/** Opaque: whoever issued it says whether it means anything. */
export const CursorField = Type.String({ minLength: 1, maxLength: 512 });
export const PageSizeField = Type.Integer({ minimum: 1, maximum: LIMITS.pageSize });
export const HistorySizeField = Type.Integer({ minimum: 1, maximum: LIMITS.historySize });
export const AttachmentReference = Type.Union([IdField, Type.Object({ id: IdField }, { additionalProperties: true })]);

/** What `send_message` and `POST …/chat` take beside the ticket. */
export const messageFields = {
  message: MessageField,
  messageType: Type.Optional(MessageTypeField),
  attachments: Type.Optional(Type.Array(AttachmentReference, { maxItems: LIMITS.attachments })),
  internal: Type.Optional(Type.Boolean()),
  clientMessageId: Type.Optional(KeyField),
};

export const PostMessageBody = Type.Object(messageFields, { additionalProperties: false });
export type PostMessageBody = Static<typeof PostMessageBody>;

/** Throws `invalid_payload` naming `role` for what is no role. */
export function roleIn(name: string): Role {
  const role = parseRole(name);
  if (role === undefined) throw new DeskwireError('invalid_payload', 'role must be a role', { field: 'role' });
  return role;
}
