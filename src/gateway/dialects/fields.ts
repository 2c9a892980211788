/** Schemas of fields that the requests of several dialects share. */
import Type from 'typebox';
import { LastVersionField, RoomNameField, TicketIdField, VersionField } from '../../contract/fields.ts';
import { LIMITS } from '../../contract/limits.ts';

/** A ticket's id, or its number in either form. */
export const ticketId = Type.Union([TicketIdField, Type.Integer({ minimum: 1 })]);

export const room = RoomNameField;

/** A version that the client has received. */
export const version = VersionField;

/** The last version that the client has, from which it asks for a replay. */
export const after = LastVersionField;

/** The epoch of the versions that the client has. */
export const epoch = Type.String({ minLength: 1, maxLength: LIMITS.id });

/** The last version and its epoch, as requests to join take them. */
export const cursor = { after: Type.Optional(after), epoch: Type.Optional(epoch) };

export const token = Type.String({ minLength: 1, maxLength: 16_384 });
