/** Schemas of fields that the requests of several dialects share. */
import Type from 'typebox';
import { KeyField, LastVersionField, RoomNameField, TicketIdField, VersionField } from '../../contract/fields.ts';

/** A ticket's id, or its number in either form. */
export const ticketId = Type.Union([TicketIdField, Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER })]);

export const room = RoomNameField;

/** A version that the client has received. */
export const version = VersionField;

/** The last version that the client has, from which it asks for a replay. */
export const after = LastVersionField;

/** The epoch of the versions that the client has. */
export const epoch = KeyField;

/** The last version and its epoch, as requests to join take them. */
export const cursor = { after: Type.Optional(after), epoch: Type.Optional(epoch) };

export const token = Type.String({ minLength: 1, maxLength: 16_384 });
