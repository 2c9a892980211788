/** Schemas of fields that the requests of several dialects share. */
import Type from 'typebox';
import { KeyField, RoomNameField, TicketIdField, VersionField } from '../../contract/fields.ts';

/** A ticket's id, or its number in either form. */
export const ticketId = Type.Union([TicketIdField, Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER })]);

export const room = RoomNameField;

/** The last version that the client has. */
export const version = VersionField;

/** The epoch of the versions that the client has. */
export const epoch = KeyField;

export const token = Type.String({ minLength: 1, maxLength: 16_384 });
