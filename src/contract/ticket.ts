/**
 * A ticket: the canonical object and seed A's row of it, the bodies that open and change one, and the functions that
 * show a state of the domain, or a row of the read model, as either. Source: docs/protocol.md section 8.
 */
import Type, { type Static, type TProperties, type TSchema } from 'typebox';
import { PRIORITIES } from '../domain/priority.ts';
import { seedId as seedIdOf, seedIdOrNull as seedIdOrNullOf } from '../domain/seed-id.ts';
import { CATEGORIES, CHANGEABLE_FIELDS, OPENED_FIELDS, STATUSES } from '../domain/ticket/fields.ts';
import type { TicketRow } from '../domain/ticket/state.ts';
import {
  CategoryField,
  DescriptionField,
  IdField,
  LegacyIdField,
  PriorityField,
  StatusField,
  TagsField,
} from './fields.ts';
import {
  closed,
  count,
  described,
  flag,
  listOf,
  oneOf,
  orNull,
  pageOf,
  seedId,
  seedIdOrNull,
  shown,
  text,
  textOrNull,
  time,
} from './schema.ts';
import { namedUser } from './user.ts';

export const status = oneOf(STATUSES);
export const category = oneOf(CATEGORIES);
export const priority = oneOf(PRIORITIES);

export const Ticket = closed(
  {
    id: text,
    number: described(count, 'What people call it by: 1, 2, …'),
    version: described(count, 'Of its stream, as you see it'),
    requesterId: text,
    requesterName: text,
    description: text,
    status,
    category,
    priority,
    assigneeId: textOrNull,
    stationId: textOrNull,
    stationName: textOrNull,
    grnId: textOrNull,
    dispatchId: textOrNull,
    tags: listOf(text),
    participantIds: described(listOf(text), 'Added, or having posted a message that everybody sees'),
    unread: described(count, 'Messages that you have not read'),
    createdAt: time,
    updatedAt: time,
  },
  { title: 'Ticket', description: 'The ticket' },
);
export type Ticket = Static<typeof Ticket>;

/** The fields that opening a ticket sets, as its event shows them. */
export const OpenedTicket = closed(shownFields(OPENED_FIELDS));

/** The changes of a ticket, as its event shows them. */
export const TicketChanges = closed({
  ...Object.fromEntries(Object.entries(shownFields(CHANGEABLE_FIELDS)).map(([name, field]) => [name, change(field)])),
  assignee: change(orNull(namedUser)),
});

/** The schemas of those fields that `Ticket` shows under the same name, in the order of `Ticket`. */
function shownFields(names: readonly string[]): TProperties {
  return Object.fromEntries(Object.entries(Ticket.properties).filter(([name]) => names.includes(name)));
}

function change(field: TSchema) {
  return Type.Optional(closed({ from: field, to: field }));
}

export const TicketPage = pageOf(Ticket, 'Newest first');

export const SupportTicket = closed(
  {
    support_id: count,
    id: text,
    user_id: seedId,
    username: text,
    description: text,
    status,
    station_id: seedIdOrNull,
    station_name: textOrNull,
    category,
    priority,
    assignee_id: seedIdOrNull,
    created_at: time,
    updated_at: time,
  },
  { title: 'SupportTicket', description: 'The ticket' },
);
export type SupportTicket = Static<typeof SupportTicket>;

export const SupportTicketPage = pageOf(SupportTicket, 'Newest first');
export const SupportTicketDeleted = closed(
  { support_id: count, id: text, deleted: flag },
  { description: 'It is deleted' },
);

/** `unread`: for the user who receives the answer. */
export function ticketWire(ticket: TicketRow, unread: number): Ticket {
  return shown(Ticket, { ...ticket, participantIds: ticket.participantIds.toSorted(), unread });
}

/** Seed A's row: `support_id` is the ticket's number, and numeric ids are JSON numbers. */
export function supportTicketWire(ticket: TicketRow): SupportTicket {
  return {
    support_id: ticket.number,
    id: ticket.id,
    user_id: seedIdOf(ticket.requesterId),
    username: ticket.requesterName,
    description: ticket.description,
    status: ticket.status,
    station_id: seedIdOrNullOf(ticket.stationId),
    station_name: ticket.stationName,
    category: ticket.category,
    priority: ticket.priority,
    assignee_id: seedIdOrNullOf(ticket.assigneeId),
    created_at: ticket.createdAt,
    updated_at: ticket.updatedAt,
  };
}

const strict = { additionalProperties: false };

export const OpenTicketBody = Type.Object(
  {
    requesterId: Type.Optional(IdField),
    description: DescriptionField,
    category: Type.Optional(CategoryField),
    priority: Type.Optional(PriorityField),
    stationId: Type.Optional(IdField),
    grnId: Type.Optional(IdField),
    dispatchId: Type.Optional(IdField),
    tags: Type.Optional(TagsField),
  },
  strict,
);
export type OpenTicketBody = Static<typeof OpenTicketBody>;

export const ChangeTicketBody = Type.Object(
  {
    status: Type.Optional(StatusField),
    description: Type.Optional(DescriptionField),
    category: Type.Optional(CategoryField),
    priority: Type.Optional(PriorityField),
    assigneeId: Type.Optional(Type.Union([IdField, Type.Null()])),
    tags: Type.Optional(TagsField),
  },
  strict,
);
export type ChangeTicketBody = Static<typeof ChangeTicketBody>;

export const OpenSupportTicketBody = Type.Object(
  {
    user_id: Type.Optional(LegacyIdField),
    description: DescriptionField,
    station_id: Type.Optional(LegacyIdField),
    category: Type.Optional(CategoryField),
    priority: Type.Optional(PriorityField),
  },
  strict,
);

export const ChangeSupportTicketBody = Type.Object(
  {
    status: Type.Optional(StatusField),
    description: Type.Optional(DescriptionField),
    category: Type.Optional(CategoryField),
    priority: Type.Optional(PriorityField),
    assignee_id: Type.Optional(Type.Union([LegacyIdField, Type.Null()])),
  },
  strict,
);
