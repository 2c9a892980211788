/**
 * The conversation of a ticket over HTTP: `/api/v1/tickets/:ticketId/messages`, and seed B's name for the same,
 * `/api/tickets/:ticketId/chat`. Posting a message is the hottest request of all.
 */
import Type from 'typebox';
import type { Application } from '../../application/application.ts';
import { listMessages, postMessage } from '../../application/messages.ts';
import { HistorySizeField, PostMessageBody, VersionField } from '../../contract/fields.ts';
import { Message, MessagePage } from '../../contract/message.ts';
import { Participants } from '../../contract/participant.ts';
import type { App } from '../app.ts';
import { callerOf, setPositionHeader, userOf } from '../requests.ts';
import { type Online, participantsOf } from './ticket-people.ts';
import { TicketParams } from './tickets.ts';

/** `before` and `after` are versions of the ticket's stream. */
const HistoryQuery = Type.Object(
  {
    limit: Type.Optional(HistorySizeField),
    before: Type.Optional(VersionField),
    after: Type.Optional(VersionField),
  },
  { additionalProperties: false },
);

export function chatRoutes(app: App, application: Application, online: Online): void {
  conversationRoutes(app, application, '/api/v1/tickets/:ticketId/messages', 'Tickets');
  conversationRoutes(app, application, '/api/tickets/:ticketId/chat', 'Ticket chat');

  app.get(
    '/api/tickets/:ticketId/chat/participants',
    {
      schema: {
        tags: ['Ticket chat'],
        summary: 'List everyone on a ticket',
        params: TicketParams,
        response: { 200: Participants },
      },
    },
    async (request) => participantsOf(application, online, userOf(request), request.params.ticketId),
  );
}

function conversationRoutes(app: App, application: Application, path: string, tag: string): void {
  app.post(
    path,
    {
      config: { problems: [403, 409] },
      schema: {
        tags: [tag],
        summary: 'Post a message',
        description: 'Staff post internal notes with `internal`. A repeated `clientMessageId` gets the same message.',
        params: TicketParams,
        body: PostMessageBody,
        response: { 201: Message },
      },
    },
    async (request, reply) => {
      const posted = await postMessage(application, callerOf(request), request.params.ticketId, request.body);
      setPositionHeader(reply, posted);
      reply.code(201);
      return posted.message;
    },
  );

  app.get(
    path,
    {
      schema: {
        tags: [tag],
        summary: 'Read messages',
        description: 'The latest messages, or those before or after a version of the ticket; oldest first.',
        params: TicketParams,
        querystring: HistoryQuery,
        response: { 200: MessagePage },
      },
    },
    async (request) => {
      const { limit = 50, ...range } = request.query;
      const { page } = await listMessages(application, userOf(request), request.params.ticketId, { limit, ...range });
      const { messages, hasMore, nextCursor, total, version } = page;
      return { messages, pagination: { limit, hasMore, nextCursor, total }, version };
    },
  );
}
