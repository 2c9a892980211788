/**
 * The texts and data of notifications: the table of docs/protocol.md section 3, word for word. The notifications about
 * a ticket have the fields of seed A's ticket. The notification of a message has the fields with which a client opens
 * the message in its ticket.
 */
import type { RecordedEvent } from '../event.ts';
import { seedId, seedIdOrNull } from '../seed-id.ts';
import type { TicketEvent } from '../ticket/events.ts';
import type { TicketState } from '../ticket/state.ts';
import type { Notification } from './notification.ts';
import { previewOf } from './preview.ts';

export type Content = Omit<Notification, 'recipientId' | 'internal'>;

type Posted = Extract<TicketEvent, { type: 'MessagePosted' }>;

export const contents = {
  created: (ticket: TicketState): Content => ({
    event: 'support:ticket:created',
    type: 'support_ticket_created',
    title: 'New Support Ticket',
    message: `User ${ticket.requesterName} created a new support ticket`,
    data: seedData(ticket),
    priority: 'high',
  }),

  updated: (ticket: TicketState): Content => ({
    event: 'support:ticket:updated',
    type: 'support_ticket_updated',
    title: 'Support Ticket Updated',
    message: 'Your support ticket has been updated',
    data: seedData(ticket),
    priority: 'medium',
  }),

  resolved: (ticket: TicketState): Content => ({
    event: 'support:ticket:resolved',
    type: 'support_ticket_resolved',
    title: 'Support Ticket Resolved',
    message: 'Your support ticket has been resolved',
    data: seedData(ticket),
    priority: 'low',
  }),

  deleted: (ticket: TicketState): Content => ({
    event: 'support:ticket:deleted',
    type: 'support_ticket_deleted',
    title: 'Support Ticket Deleted',
    message: `Your support ticket #${ticket.number} has been deleted`,
    data: seedData(ticket),
    priority: 'low',
  }),

  assigned: (ticket: TicketState): Content => ({
    event: 'support:ticket:assigned',
    type: 'support_ticket_assigned',
    title: 'Ticket Assigned',
    message: `Ticket #${ticket.number} has been assigned to you`,
    data: seedData(ticket),
    priority: 'medium',
  }),

  /** `version`: of the message, in the numbering of the recipient. */
  message: (event: RecordedEvent<Posted>, ticket: TicketState, version: number): Content => {
    const sender = event.metadata.actor;
    return {
      event: 'support:message:new',
      type: 'support_message_new',
      title: 'New Message',
      message: `${sender.name}: ${previewOf(event.data)}`,
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
