/**
 * The contents of notifications: the table of docs/protocol.md section 3, without its words. The notifications about a
 * ticket have the fields of seed A's ticket. The notification of a message has the fields with which a client opens
 * the message in its ticket.
 */
import type { RecordedEvent } from '../event.ts';
import { seedId, seedIdOrNull } from '../seed-id.ts';
import type { TicketEvent } from '../ticket/events.ts';
import type { TicketState } from '../ticket/state.ts';
import type { Report } from './notification.ts';
import { previewOf } from './preview.ts';
import { type CatalogWording, wording } from './wording.ts';

export type Content = Report & CatalogWording;

type Posted = Extract<TicketEvent, { type: 'MessagePosted' }>;

export const contents = {
  created: (ticket: TicketState): Content => ({
    event: 'support:ticket:created',
    type: 'support_ticket_created',
    ...wording('support_ticket_created', { username: ticket.requesterName }),
    data: seedData(ticket),
    priority: 'high',
  }),

  updated: (ticket: TicketState): Content => ({
    event: 'support:ticket:updated',
    type: 'support_ticket_updated',
    ...wording('support_ticket_updated', { number: ticket.number }),
    data: seedData(ticket),
    priority: 'medium',
  }),

  resolved: (ticket: TicketState): Content => ({
    event: 'support:ticket:resolved',
    type: 'support_ticket_resolved',
    ...wording('support_ticket_resolved', { number: ticket.number }),
    data: seedData(ticket),
    priority: 'low',
  }),

  deleted: (ticket: TicketState): Content => ({
    event: 'support:ticket:deleted',
    type: 'support_ticket_deleted',
    ...wording('support_ticket_deleted', { number: ticket.number }),
    data: seedData(ticket),
    priority: 'low',
  }),

  assigned: (ticket: TicketState): Content => ({
    event: 'support:ticket:assigned',
    type: 'support_ticket_assigned',
    ...wording('support_ticket_assigned', { number: ticket.number }),
    data: seedData(ticket),
    priority: 'medium',
  }),

  /** `version`: of the message, in the numbering of the recipient. */
  message: (event: RecordedEvent<Posted>, ticket: TicketState, version: number): Content => {
    const sender = event.metadata.actor;
    return {
      event: 'support:message:new',
      type: 'support_message_new',
      ...wording('support_message_new', { senderName: sender.name, ...previewOf(event.data) }),
      data: {
        support_id: ticket.number,
        ticketId: ticket.id,
        messageId: event.data.messageId,
        version,
        senderId: sender.id,
        senderName: sender.name,
      },
      priority: 'medium',
    };
  },
};

function seedData(ticket: TicketState): Content['data'] {
  return {
    support_id: ticket.number,
    ticketId: ticket.id,
    user_id: seedId(ticket.requesterId),
    username: ticket.requesterName,
    description: ticket.description,
    status: ticket.status,
    station_id: seedIdOrNull(ticket.stationId),
    station_name: ticket.stationName,
    category: ticket.category,
    priority: ticket.priority,
    created_at: ticket.createdAt,
    updated_at: ticket.updatedAt,
  };
}
