/** Rooms and access to them. */
import Type, { type Static } from 'typebox';
import { IdField } from './fields.ts';
import { LIMITS } from './limits.ts';
import { closed, count, described, flag, listOf, pageOf, text, time } from './schema.ts';

export const Room = closed(
  {
    name: text,
    private: flag,
    members: described(listOf(text), 'Who may enter while it is private'),
    version: described(count, 'Of its stream; also its ETag'),
    createdAt: Type.Optional(time),
    updatedAt: Type.Optional(described(time, 'When something last happened in it')),
  },
  { title: 'Room', description: 'The room' },
);
export type Room = Static<typeof Room>;

export const RoomPage = pageOf(Room, 'By name');

export const ConfigureRoomBody = Type.Object(
  {
    private: Type.Boolean(),
    members: Type.Optional(Type.Array(IdField, { maxItems: LIMITS.roomMembers })),
  },
  { additionalProperties: false },
);
export type ConfigureRoomBody = Static<typeof ConfigureRoomBody>;
