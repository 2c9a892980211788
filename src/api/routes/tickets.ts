/** Tickets under their canonical names: `/api/v1/tickets`. */
import Type from 'typebox';
import type { Application } from '../../application/application.ts';
import { getTicket } from '../../application/messages.ts';
import { assignTicket } from '../../application/participants.ts';
import {
  changedTicket,
  changeTicket,
  deleteTicket,
  getUnread,
  listTickets,
  openTicket,
} from '../../application/tickets.ts';
import {
  CategoryField,
  CursorField,
  IdField,
  PageSizeField,
  SearchField,
  StatusField,
  TicketIdField,
  TicketIdsField,
} from '../../contract/fields.ts';
import { NoContent } from '../../contract/schema.ts';
import { ChangeTicketBody, OpenTicketBody, Ticket, TicketPage, ticketWire } from '../../contract/ticket.ts';
import type { TicketState } from '../../domain/ticket/state.ts';
import type { UserFacts } from '../../domain/user/identity.ts';
import type { App } from '../app.ts';
import { callerOf, revisionOf, setETag, setPositionHeader, userOf } from '../requests.ts';

export const TicketParams = Type.Object({ ticketId: TicketIdField });
const tags = ['Tickets'];

const ListQuery = Type.Object(
  {
    status: Type.Optional(StatusField),
    assigneeId: Type.Optional(IdField),
    requesterId: Type.Optional(IdField),
    category: Type.Optional(CategoryField),
    q: Type.Optional(SearchField),
    unread: Type.Optional(Type.Boolean()),
    ids: Type.Optional(TicketIdsField),
    cursor: Type.Optional(CursorField),
    limit: Type.Optional(PageSizeField),
  },
  { additionalProperties: false },
);

export function ticketRoutes(app: App, application: Application): void {
  app.get(
    '/api/v1/tickets',
    {
      schema: {
        tags,
        summary: 'List the tickets that you may see',
        description:
          '`q` searches the words of the description and the requester’s name; `unread` selects tickets with messages ' +
          'that you have not read; `ids` is a list of up to 100 ids, separated by commas.',
        querystring: ListQuery,
        response: { 200: TicketPage },
      },
    },
    async (request) => {
      const { q, ids, cursor, limit = 50, ...others } = request.query;
      const filter = {
        ...others,
        ...(q !== undefined && { text: q }),
        ...(ids !== undefined && { ids: ids.split(',') }),
      };
      const page = await listTickets(application, userOf(request), filter, {
        limit,
        ...(cursor !== undefined && { cursor }),
      });
      return { items: page.items.map((ticket) => ticketWire(ticket, ticket.unread)), nextCursor: page.nextCursor };
    },
  );

  app.post(
    '/api/v1/tickets',
    {
      config: { etag: true, problems: [403, 404] },
      schema: {
        tags,
        summary: 'Open a ticket',
        description: 'For yourself; staff and services open tickets for anyone (`requesterId`).',
        body: OpenTicketBody,
        response: { 201: Ticket },
      },
    },
    async (request, reply) => {
      const outcome = await openTicket(application, callerOf(request), request.body);
      setPositionHeader(reply, outcome);
      setETag(reply, revisionOf(outcome));
      // A new ticket has no messages.
      return reply
        .code(201)
        .header('location', `/api/v1/tickets/${outcome.state.id}`)
        .send(ticketWire(await changedTicket(application, userOf(request), outcome.state), 0));
    },
  );

  app.get(
    '/api/v1/tickets/:ticketId',
    {
      config: { etag: true },
      schema: { tags, summary: 'Read a ticket', params: TicketParams, response: { 200: Ticket } },
    },
    async (request, reply) => {
      const ticket = await getTicket(application, userOf(request), request.params.ticketId);
      setETag(reply, revisionOf({ state: ticket }));
      return ticketWire(ticket, await getUnread(application, userOf(request), ticket.id));
    },
  );

  app.patch(
    '/api/v1/tickets/:ticketId',
    {
      config: { etag: true, problems: [403, 409] },
      schema: {
        tags,
        summary: 'Change a ticket',
        description: 'For staff who see it. A closed ticket stays closed.',
        params: TicketParams,
        body: ChangeTicketBody,
        response: { 200: Ticket },
      },
    },
    async (request, reply) => {
      const outcome = await changeTicket(application, callerOf(request), request.params.ticketId, request.body);
      setPositionHeader(reply, outcome);
      setETag(reply, revisionOf(outcome));
      return changed(application, outcome.state, userOf(request));
    },
  );

  app.delete(
    '/api/v1/tickets/:ticketId',
    {
      config: { ifMatch: true, problems: [403] },
      schema: {
        tags,
        summary: 'Delete a ticket',
        description: 'For admins. It is then gone for everyone but the audit timeline.',
        params: TicketParams,
        response: { 204: NoContent },
      },
    },
    async (request, reply) => {
      setPositionHeader(reply, await deleteTicket(application, callerOf(request), request.params.ticketId));
      return reply.code(204).send(null);
    },
  );

  assigneeRoutes(app, application);
}

function assigneeRoutes(app: App, application: Application): void {
  const path = '/api/v1/tickets/:ticketId/assignee';
  const config = { etag: true, problems: [403], fieldNames: { assigneeId: 'userId' } };
  const AssigneeBody = Type.Object({ userId: IdField }, { additionalProperties: false });

  app.put(
    path,
    {
      config,
      schema: {
        tags,
        summary: 'Assign a ticket to a member of staff',
        params: TicketParams,
        body: AssigneeBody,
        response: { 200: Ticket },
      },
    },
    async (request, reply) => {
      const { params, body } = request;
      const outcome = await assignTicket(application, callerOf(request), params.ticketId, body.userId);
      setPositionHeader(reply, outcome);
      setETag(reply, revisionOf(outcome));
      return changed(application, outcome.state, userOf(request));
    },
  );

  app.delete(
    path,
    {
      config,
      schema: { tags, summary: 'Remove the assignee of a ticket', params: TicketParams, response: { 204: NoContent } },
    },
    async (request, reply) => {
      const outcome = await assignTicket(application, callerOf(request), request.params.ticketId, null);
      setPositionHeader(reply, outcome);
      setETag(reply, revisionOf(outcome));
      return reply.code(204).send(null);
    },
  );
}

/** The ticket after a command. Its unread count comes from the read models, so this waits for them. */
async function changed(application: Application, state: TicketState, user: UserFacts) {
  await application.settle();
  const ticket = await changedTicket(application, user, state);
  return ticketWire(ticket, await getUnread(application, user, state.id));
}
