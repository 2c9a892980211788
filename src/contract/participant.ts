/** The people on a ticket, and how far each has read. */
import Type, { type Static } from 'typebox';
import { closed, count, described, flag, listOf, text } from './schema.ts';
import { role } from './user.ts';

export const Participant = closed(
  {
    userId: text,
    name: text,
    role,
    online: flag,
    lastReadVersion: count,
    unread: Type.Optional(described(count, 'Only where you may know it')),
  },
  { title: 'Participant' },
);
export type Participant = Static<typeof Participant>;

export const Participants = closed(
  { participants: listOf(Participant) },
  { description: 'Everyone on the ticket: requester, assignee and participants' },
);
export const ParticipantAdded = closed({ ticketId: text, userId: text }, { description: 'They are on the ticket' });
export const TicketReadAnswer = closed(
  { ticketId: text, upTo: described(count, 'How far you have read'), unread: count },
  { description: 'What you have read' },
);
