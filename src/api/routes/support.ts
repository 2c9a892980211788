/** Seed A's tickets, under its names: `support_id` is the ticket's number, and numeric ids are JSON numbers. */
import Type from 'typebox';
import type { Application } from '../../application/application.ts';
import { visibleTicket } from '../../application/messages.ts';
import { changeTicket, deleteTicket, openTicket } from '../../application/tickets.ts';
import {
  CategoryField,
  CursorField,
  DescriptionField,
  LegacyIdField,
  PageSizeField,
  PriorityField,
  StatusField,
  TicketIdField,
} from '../../contract/fields.ts';
import { seedId, seedIdOrNull } from '../../domain/seed-id.ts';
import type { TicketState } from '../../domain/ticket/state.ts';
import type { TicketView } from '../../projections/queries/queries.ts';
import { SupportTicketAnswer, SupportTicketDeletedAnswer, SupportTicketPageAnswer } from '../answers/tickets.ts';
import type { App } from '../app.ts';
import { callerOf, tellPosition, tellVersion, userOf } from '../requests.ts';

const tags = ['Support (seed A)'];
const fieldNames = { requesterId: 'user_id', stationId: 'station_id', assigneeId: 'assignee_id' };

const Params = Type.Object({ support_id: TicketIdField });

const OpenBody = Type.Object(
  {
    user_id: Type.Optional(LegacyIdField),
    description: DescriptionField,
    station_id: Type.Optional(LegacyIdField),
    category: Type.Optional(CategoryField),
    priority: Type.Optional(PriorityField),
  },
  { additionalProperties: false },
);

const ChangeBody = Type.Object(
  {
    status: Type.Optional(StatusField),
    description: Type.Optional(DescriptionField),
    category: Type.Optional(CategoryField),
    priority: Type.Optional(PriorityField),
    assignee_id: Type.Optional(Type.Union([LegacyIdField, Type.Null()])),
  },
  { additionalProperties: false },
);

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
        body: OpenBody,
        response: { 201: SupportTicketAnswer },
      },
    },
    async (request, reply) => {
      const { user_id: userId, station_id: stationId, ...fields } = request.body;
      const outcome = await openTicket(application, callerOf(request), {
        ...fields,
        ...(userId !== undefined && { requesterId: String(userId) }),
        ...(stationId !== undefined && { stationId: String(stationId) }),
      });
      tellPosition(reply, outcome);
      tellVersion(reply, outcome);
      return reply
        .code(201)
        .header('location', `/api/v1/support/${outcome.state.number}`)
        .send(rendered(outcome.state));
    },
  );

  app.get(
    '/api/v1/support',
    {
      schema: {
        tags,
        summary: 'List the tickets that you may see',
        querystring: ListQuery,
        response: { 200: SupportTicketPageAnswer },
      },
    },
    async (request) => {
      const { status, cursor, limit = 50 } = request.query;
      const filter = status === undefined ? {} : { status };
      const page = await application.queries.tickets(filter, userOf(request), {
        limit,
        ...(cursor !== undefined && { cursor }),
      });
      return { items: page.items.map(rendered), nextCursor: page.nextCursor };
    },
  );

  app.get(
    '/api/v1/support/:support_id',
    {
      config: { etag: true },
      schema: { tags, summary: 'Read a ticket', params: Params, response: { 200: SupportTicketAnswer } },
    },
    async (request, reply) => {
      const ticket = await visibleTicket(application, userOf(request), request.params.support_id);
      tellVersion(reply, ticket);
      return rendered(ticket);
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
        body: ChangeBody,
        response: { 200: SupportTicketAnswer },
      },
    },
    async (request, reply) => {
      const { assignee_id: assigneeId, ...fields } = request.body;
      const outcome = await changeTicket(application, callerOf(request), request.params.support_id, {
        ...fields,
        ...(assigneeId !== undefined && { assigneeId: assigneeId === null ? null : String(assigneeId) }),
      });
      tellPosition(reply, outcome);
      tellVersion(reply, outcome);
      return rendered(outcome.state);
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
        response: { 200: SupportTicketDeletedAnswer },
      },
    },
    async (request, reply) => {
      const outcome = await deleteTicket(application, callerOf(request), request.params.support_id);
      tellPosition(reply, outcome);
      return { support_id: outcome.state.number, id: outcome.state.id, deleted: true };
    },
  );
}

function rendered(ticket: TicketState | TicketView) {
  const assigneeId = 'assignee' in ticket ? (ticket.assignee?.id ?? null) : ticket.assigneeId;
  return {
    support_id: ticket.number,
    id: ticket.id,
    user_id: seedId(ticket.requesterId),
    username: ticket.requesterName,
    description: ticket.description,
    status: ticket.status,
    station_id: seedIdOrNull(ticket.stationId),
    station_name: ticket.stationName,
    category: ticket.category,
    priority: ticket.priority,
    assignee_id: seedIdOrNull(assigneeId),
    created_at: ticket.createdAt,
    updated_at: ticket.updatedAt,
  };
}
