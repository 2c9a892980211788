/** Fields that the requests of several dialects have. */
import Type from 'typebox';
import { RoomNameField, TicketIdField, VersionField } from '../../contract/fields.ts';
import { LIMITS } from '../../contract/limits.ts';

/** A ticket's id, or its number in either form. */
export const ticketId = Type.Union([TicketIdField, Type.Integer({ minimum: 1 })]);

export const room = RoomNameField;

/** The last version seen. */
export const version = VersionField;

/** What a client was told as the log's epoch. */
export const epoch = Type.String({ minLength: 1, maxLength: LIMITS.id });

export const token = Type.String({ minLength: 1, maxLength: 16_384 });
