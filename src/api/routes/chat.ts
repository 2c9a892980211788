/** Seed B's ticket chat over HTTP. Posting is the hottest request there is: its answer is serialized from a schema. */
import Type from 'typebox';
import { type MessageView, postMessage, readMessages, readParticipants } from '../../application/messages.ts';
import { HistorySizeField, PostMessageBody, TicketIdField, VersionField } from '../../application/schemas.ts';
import type { Services } from '../../application/services.ts';
import type { App } from '../app.ts';
import { callerOf, tellPosition, userOf } from '../requests.ts';

const Params = Type.Object({ ticketId: TicketIdField });

/** `before` and `after` are versions of the ticket's stream. */
const HistoryQuery = Type.Object(
  {
    limit: Type.Optional(HistorySizeField),
    before: Type.Optional(VersionField),
    after: Type.Optional(VersionField),
  },
  { additionalProperties: false },
);

const text = { type: 'string' } as const;

const MessageAnswer = Type.Unsafe<MessageView>({
  type: 'object',
  required: ['id', 'ticketId', 'version', 'senderId', 'sender', 'message', 'messageType', 'createdAt', 'updatedAt'],
  properties: {
    id: text,
    ticketId: text,
    version: { type: 'integer' },
    senderId: text,
    sender: { type: 'object', properties: { id: text, name: text, role: text } },
    message: text,
    messageType: text,
    attachments: {
      type: 'array',
      items: {
        type: 'object',
        properties: { id: text, name: text, size: { type: 'integer' }, mimeType: text, url: text },
      },
    },
    internal: { type: 'boolean' },
    clientMessageId: text,
    createdAt: text,
    updatedAt: text,
  },
});

/** Which of these users have a device connected now, on any node. */
export type Online = (userIds: readonly string[]) => Promise<ReadonlySet<string>>;

export function chatRoutes(app: App, services: Services, online: Online): void {
  app.post(
    '/api/tickets/:ticketId/chat',
    { schema: { params: Params, body: PostMessageBody, response: { 201: MessageAnswer } } },
    async (request, reply) => {
      const posted = await postMessage(services, callerOf(request), request.params.ticketId, request.body);
      tellPosition(reply, posted);
      reply.code(201);
      return posted.message;
    },
  );

  app.get('/api/tickets/:ticketId/chat', { schema: { params: Params, querystring: HistoryQuery } }, async (request) => {
    const { limit = 50, ...range } = request.query;
    const { page } = await readMessages(services, userOf(request), request.params.ticketId, { limit, ...range });
    const { messages, hasMore, nextCursor, total, version } = page;
    return { messages, pagination: { limit, hasMore, nextCursor, total }, version };
  });

  app.get('/api/tickets/:ticketId/chat/participants', { schema: { params: Params } }, async (request) => {
    const { participants } = await readParticipants(services, userOf(request), request.params.ticketId);
    const connected = await online(participants.map(({ userId }) => userId));
    return { participants: participants.map((one) => ({ ...one, online: connected.has(one.userId) })) };
  });
}
