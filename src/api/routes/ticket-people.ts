/** Participants, read cursors and the timeline of a ticket, under `/api/v1/tickets/:ticketId`. */
import Type from 'typebox';
import type { Application } from '../../application/application.ts';
import { listParticipants } from '../../application/messages.ts';
import { addParticipant, removeParticipant } from '../../application/participants.ts';
import { getUnread, markTicketRead, ticketIdOf } from '../../application/tickets.ts';
import { getTimeline } from '../../application/timeline.ts';
import { IdField, PageSizeField, TicketIdField, VersionField } from '../../contract/fields.ts';
import { ParticipantAdded, Participants, TicketReadAnswer } from '../../contract/participant.ts';
import { NoContent } from '../../contract/schema.ts';
import { Timeline } from '../../contract/timeline.ts';
import type { UserFacts } from '../../domain/user/identity.ts';
import type { App } from '../app.ts';
import { callerOf, revisionOf, setETag, setPositionHeader, userOf } from '../requests.ts';
import { TicketParams } from './tickets.ts';

/** Returns those of the users that have a device connected now, on any node. */
export type Online = (userIds: readonly string[]) => Promise<ReadonlySet<string>>;

const tags = ['Tickets'];
const ParticipantParams = Type.Object({ ticketId: TicketIdField, userId: IdField });
const ParticipantBody = Type.Object({ userId: IdField }, { additionalProperties: false });
const ReadBody = Type.Object({ upTo: VersionField }, { additionalProperties: false });
const TimelineQuery = Type.Object(
  { after: Type.Optional(VersionField), limit: Type.Optional(PageSizeField) },
  { additionalProperties: false },
);

export function ticketPeopleRoutes(app: App, application: Application, online: Online): void {
  participantRoutes(app, application, online);

  app.post(
    '/api/v1/tickets/:ticketId/read',
    {
      schema: {
        tags,
        summary: 'Mark a ticket’s messages as read',
        description: 'Up to a version of the ticket. Your cursor never moves back, nor beyond the ticket’s version.',
        params: TicketParams,
        body: ReadBody,
        response: { 200: TicketReadAnswer },
      },
    },
    async (request, reply) => {
      const user = userOf(request);
      const outcome = await markTicketRead(application, callerOf(request), request.params.ticketId, request.body.upTo);
      setPositionHeader(reply, outcome);
      await application.settle();
      const { id } = outcome.state;
      return { ticketId: id, upTo: outcome.reached, unread: await getUnread(application, user, id) };
    },
  );

  app.get(
    '/api/v1/tickets/:ticketId/events',
    {
      config: { problems: [403] },
      schema: {
        tags,
        summary: 'Read what happened to a ticket: who, when, from where, what changed',
        description: 'For staff who see the ticket; for admins if it is deleted. Oldest first, after a version.',
        params: TicketParams,
        querystring: TimelineQuery,
        response: { 200: Timeline },
      },
    },
    async (request) => {
      const { after = 0, limit = 50 } = request.query;
      const page = await getTimeline(application, userOf(request), request.params.ticketId, { after, limit });
      return { items: page.entries, nextAfter: page.next };
    },
  );
}

function participantRoutes(app: App, application: Application, online: Online): void {
  const path = '/api/v1/tickets/:ticketId/participants';

  app.get(
    path,
    {
      schema: {
        tags,
        summary: 'List everyone on a ticket',
        description: 'Only staff see the unread counts of others.',
        params: TicketParams,
        response: { 200: Participants },
      },
    },
    async (request) => participantsOf(application, online, userOf(request), request.params.ticketId),
  );

  app.post(
    path,
    {
      config: { ifMatch: true, problems: [403] },
      schema: {
        tags,
        summary: 'Add a participant (CC)',
        description: 'For staff who see the ticket. The added user sees it from then on.',
        params: TicketParams,
        body: ParticipantBody,
        response: { 201: ParticipantAdded },
      },
    },
    async (request, reply) => {
      const { userId } = request.body;
      const outcome = await addParticipant(application, callerOf(request), request.params.ticketId, userId);
      setPositionHeader(reply, outcome);
      setETag(reply, revisionOf(outcome));
      const ticketId = await ticketIdOf(application, request.params.ticketId);
      return reply.code(201).send({ ticketId, userId });
    },
  );

  app.delete(
    `${path}/:userId`,
    {
      config: { ifMatch: true, problems: [403] },
      schema: {
        tags,
        summary: 'Remove a participant',
        description: 'Staff may remove any participant; participants may remove themselves.',
        params: ParticipantParams,
        response: { 204: NoContent },
      },
    },
    async (request, reply) => {
      const { ticketId, userId } = request.params;
      setPositionHeader(reply, await removeParticipant(application, callerOf(request), ticketId, userId));
      return reply.code(204).send(null);
    },
  );
}

export async function participantsOf(application: Application, online: Online, user: UserFacts, idOrNumber: string) {
  const { participants } = await listParticipants(application, user, idOrNumber);
  const connected = await online(participants.map(({ userId }) => userId));
  return { participants: participants.map((one) => ({ ...one, online: connected.has(one.userId) })) };
}
