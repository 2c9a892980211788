/** Tickets under seed A's names: `support_id` is the ticket's number, and numeric ids are JSON numbers. */
import Type from 'typebox';
import type { Application } from '../../application/application.ts';
import { getTicket } from '../../application/messages.ts';
import { changedTicket, changeTicket, deleteTicket, listTickets, openTicket } from '../../application/tickets.ts';
import { CursorField, PageSizeField, StatusField, TicketIdField } from '../../contract/fields.ts';
import {
  ChangeSupportTicketBody,
  OpenSupportTicketBody,
  SupportTicket,
  SupportTicketDeleted,
  SupportTicketPage,
  supportTicketWire,
} from '../../contract/ticket.ts';
import type { App } from '../app.ts';
import { callerOf, revisionOf, setETag, setPositionHeader, userOf } from '../requests.ts';

const tags = ['Support (seed A)'];
const fieldNames = { requesterId: 'user_id', stationId: 'station_id', assigneeId: 'assignee_id' };

const Params = Type.Object({ support_id: TicketIdField });

const ListQuery = Type.Object(
  {
    status: Type.Optional(StatusField),
    cursor: Type.Optional(CursorField),
    limit: Type.Optional(PageSizeField),
  },
  { additionalProperties: false },
);

export function supportRoutes(app: App, application: Application): void {
  app.post(
    '/api/v1/support',
    {
      config: { fieldNames, etag: true, problems: [403, 404] },
      schema: {
        tags,
        summary: 'Open a ticket',
        description: 'For yourself; staff and services open tickets for anyone (`user_id`).',
        body: OpenSupportTicketBody,
        response: { 201: SupportTicket },
      },
    },
    async (request, reply) => {
      const { user_id: userId, station_id: stationId, ...fields } = request.body;
      const outcome = await openTicket(application, callerOf(request), {
        ...fields,
        ...(userId !== undefined && { requesterId: String(userId) }),
        ...(stationId !== undefined && { stationId: String(stationId) }),
      });
      setPositionHeader(reply, outcome);
      setETag(reply, revisionOf(outcome));
      return reply
        .code(201)
        .header('location', `/api/v1/support/${outcome.state.number}`)
        .send(supportTicketWire(await changedTicket(application, userOf(request), outcome.state)));
    },
  );

  app.get(
    '/api/v1/support',
    {
      schema: {
        tags,
        summary: 'List the tickets that you may see',
        querystring: ListQuery,
        response: { 200: SupportTicketPage },
      },
    },
    async (request) => {
      const { status, cursor, limit = 50 } = request.query;
      const filter = status === undefined ? {} : { status };
      const page = await listTickets(application, userOf(request), filter, {
        limit,
        ...(cursor !== undefined && { cursor }),
      });
      return { items: page.items.map((ticket) => supportTicketWire(ticket)), nextCursor: page.nextCursor };
    },
  );

  app.get(
    '/api/v1/support/:support_id',
    {
      config: { etag: true },
      schema: { tags, summary: 'Read a ticket', params: Params, response: { 200: SupportTicket } },
    },
    async (request, reply) => {
      const ticket = await getTicket(application, userOf(request), request.params.support_id);
      setETag(reply, revisionOf({ state: ticket }));
      return supportTicketWire(ticket);
    },
  );

  app.patch(
    '/api/v1/support/:support_id',
    {
      config: { fieldNames, etag: true, problems: [403, 409] },
      schema: {
        tags,
        summary: 'Change a ticket',
        description: 'For staff who see it. A closed ticket stays closed.',
        params: Params,
        body: ChangeSupportTicketBody,
        response: { 200: SupportTicket },
      },
    },
    async (request, reply) => {
      const { assignee_id: assigneeId, ...fields } = request.body;
      const outcome = await changeTicket(application, callerOf(request), request.params.support_id, {
        ...fields,
        ...(assigneeId !== undefined && { assigneeId: assigneeId === null ? null : String(assigneeId) }),
      });
      setPositionHeader(reply, outcome);
      setETag(reply, revisionOf(outcome));
      return supportTicketWire(await changedTicket(application, userOf(request), outcome.state));
    },
  );

  app.delete(
    '/api/v1/support/:support_id',
    {
      config: { ifMatch: true, problems: [403] },
      schema: {
        tags,
        summary: 'Delete a ticket',
        description: 'For admins. It is then gone for everyone but the audit timeline.',
        params: Params,
        response: { 200: SupportTicketDeleted },
      },
    },
    async (request, reply) => {
      const outcome = await deleteTicket(application, callerOf(request), request.params.support_id);
      setPositionHeader(reply, outcome);
      return { support_id: outcome.state.number, id: outcome.state.id, deleted: true };
    },
  );
}
