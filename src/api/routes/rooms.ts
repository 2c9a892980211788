/** Rooms and their access: `/api/v1/rooms`. The messages of a room go over sockets. */
import Type from 'typebox';
import type { Application } from '../../application/application.ts';
import { configureRoom, getRoom, listRooms } from '../../application/rooms.ts';
import { CursorField, PageSizeField, RoomNameField } from '../../contract/fields.ts';
import { ConfigureRoomBody, Room, RoomPage } from '../../contract/room.ts';
import type { App } from '../app.ts';
import { callerOf, setETag, setPositionHeader, userOf } from '../requests.ts';

const tags = ['Rooms'];
const Params = Type.Object({ name: RoomNameField });

const ListQuery = Type.Object(
  { cursor: Type.Optional(CursorField), limit: Type.Optional(PageSizeField) },
  { additionalProperties: false },
);

export function roomRoutes(app: App, application: Application): void {
  app.get(
    '/api/v1/rooms',
    {
      schema: {
        tags,
        summary: 'List the rooms that you may enter',
        description: 'Rooms that were ever used or configured; admins and services see all of them.',
        querystring: ListQuery,
        response: { 200: RoomPage },
      },
    },
    async (request) => {
      const { cursor, limit = 50 } = request.query;
      return listRooms(application, userOf(request), { limit, ...(cursor !== undefined && { cursor }) });
    },
  );

  app.get(
    '/api/v1/rooms/:name',
    {
      config: { etag: true, problems: [403] },
      schema: { tags, summary: 'Read a room', params: Params, response: { 200: Room } },
    },
    async (request, reply) => {
      const room = await getRoom(application, userOf(request), request.params.name);
      setETag(reply, room);
      return room;
    },
  );

  app.put(
    '/api/v1/rooms/:name',
    {
      config: { etag: true, problems: [403] },
      schema: {
        tags,
        summary: 'Configure the access to a room',
        description:
          'For admins and services. A private room is for its members; users who lose access are removed at once.',
        params: Params,
        body: ConfigureRoomBody,
        response: { 200: Room },
      },
    },
    async (request, reply) => {
      const outcome = await configureRoom(application, callerOf(request), request.params.name, request.body);
      setPositionHeader(reply, outcome);
      setETag(reply, outcome);
      const { name, private: isPrivate, members, version } = outcome;
      return { name, private: isPrivate, members, version };
    },
  );
}
