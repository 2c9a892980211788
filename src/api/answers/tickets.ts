/** What is answered about tickets, their messages and their people, in the names of the canonical API and of seed A. */

import Type from 'typebox';
import type { MessageView } from '../../application/messages.ts';
import { CATEGORIES, POSTABLE_MESSAGE_TYPES, PRIORITIES, STATUSES } from '../../domain/ticket/events.ts';
import { ROLES } from '../../domain/user/identity.ts';
import {
  answer,
  anything,
  count,
  described,
  flag,
  listOf,
  named,
  object,
  oneOf,
  text,
  textOrNull,
  time,
} from './shape.ts';

/** A number where the id is a canonical decimal integer. */
const seedId = { type: ['integer', 'string'] };
const seedIdOrNull = { type: ['integer', 'string', 'null'] };
const nextCursor = described(textOrNull, 'Send it as `cursor` for the next page; null on the last');

const ticket = named(
  'Ticket',
  object({
    id: text,
    number: described(count, 'What people call it by: 1, 2, …'),
    version: described(count, 'Of its stream; also its ETag'),
    requesterId: text,
    requesterName: text,
    description: text,
    status: oneOf(STATUSES),
    category: oneOf(CATEGORIES),
    priority: oneOf(PRIORITIES),
    assigneeId: textOrNull,
    stationId: textOrNull,
    stationName: textOrNull,
    grnId: textOrNull,
    dispatchId: textOrNull,
    tags: listOf(text),
    participantIds: described(listOf(text), 'Added, or having posted'),
    unread: described(count, 'Messages that you have not read'),
    createdAt: time,
    updatedAt: time,
  }),
);

const supportTicket = named(
  'SupportTicket',
  object({
    support_id: count,
    id: text,
    user_id: seedId,
    username: text,
    description: text,
    status: oneOf(STATUSES),
    station_id: seedIdOrNull,
    station_name: textOrNull,
    category: oneOf(CATEGORIES),
    priority: oneOf(PRIORITIES),
    assignee_id: seedIdOrNull,
    created_at: time,
    updated_at: time,
  }),
);

const person = object({ id: text, name: text, role: oneOf(ROLES) });
const attachment = named(
  'Attachment',
  object({
    id: text,
    name: text,
    size: described(count, 'Bytes'),
    mimeType: text,
    url: described(text, 'Works without a token, for you and for minutes'),
  }),
);

const message = named(
  'Message',
  object(
    {
      id: text,
      ticketId: text,
      version: described(count, 'Of the ticket’s stream'),
      senderId: text,
      sender: described(person, 'As they were when they sent it'),
      message: text,
      messageType: oneOf([...POSTABLE_MESSAGE_TYPES, 'SYSTEM']),
      attachments: listOf(attachment),
      internal: described(flag, 'For staff only'),
      clientMessageId: text,
      createdAt: time,
      updatedAt: time,
    },
    ['clientMessageId'],
  ),
);

const participant = named(
  'Participant',
  object(
    {
      userId: text,
      name: text,
      role: oneOf(ROLES),
      online: flag,
      lastReadVersion: count,
      unread: described(count, 'Only where you may know it'),
    },
    ['unread'],
  ),
);

const timelineEntry = named(
  'TimelineEntry',
  object({
    version: count,
    position: described(count, 'In the whole log'),
    id: text,
    type: text,
    time,
    actor: described(person, 'Who did it, as they were then'),
    address: described(textOrNull, 'Where they were'),
    requestId: text,
    summary: text,
    data: described(anything, 'What changed'),
  }),
);

export const TicketAnswer = answer<unknown>(ticket, 'The ticket');
export const TicketPageAnswer = answer<unknown>(object({ items: listOf(ticket), nextCursor }), 'Newest first');
export const SupportTicketAnswer = answer<unknown>(supportTicket, 'The ticket');
export const SupportTicketPageAnswer = answer<unknown>(
  object({ items: listOf(supportTicket), nextCursor }),
  'Newest first',
);
export const SupportTicketDeletedAnswer = answer<unknown>(
  object({ support_id: count, id: text, deleted: flag }),
  'It is deleted',
);
export const MessageAnswer = answer<MessageView>(message, 'The message');
export const MessagePageAnswer = answer<unknown>(
  object({
    messages: described(listOf(message), 'Oldest first'),
    pagination: object({
      limit: count,
      hasMore: flag,
      nextCursor: described(textOrNull, 'Send it as `before`, or as `after` when you did'),
      total: described(count, 'Messages in the ticket that you may see'),
    }),
    version: described(count, 'Of the ticket up to which this page is complete'),
  }),
  'A page of the conversation',
);
export const ParticipantsAnswer = answer<unknown>(
  object({ participants: listOf(participant) }),
  'Everyone on the ticket: requester, assignee and participants',
);
export const ParticipantAddedAnswer = answer<unknown>(
  object({ ticketId: text, userId: text }),
  'They are on the ticket',
);
export const ReadAnswer = answer<unknown>(
  object({ ticketId: text, upTo: described(count, 'How far you have read'), unread: count }),
  'What you have read',
);
export const AttachmentAnswer = answer<unknown>(attachment, 'What a message names: the object itself, or its id');

const file = { '*/*': { schema: { type: 'string', contentMediaType: 'application/octet-stream' } } };
const nothing = (description: string) => Type.Null({ description });
export const DOWNLOAD_ANSWERS = {
  200: { description: 'The file', content: file },
  206: { description: 'The range of it that was asked for', content: file },
  304: nothing('You have it'),
  416: nothing('It has no such range'),
};

export const TimelineAnswer = answer<unknown>(
  object({
    items: described(listOf(timelineEntry), 'Oldest first'),
    nextAfter: described({ type: ['integer', 'null'] }, 'Send it as `after` for the next page; null on the last'),
  }),
  'What happened to the ticket',
);
