/** Commands of the tickets' tests, with everything filled in that a test does not speak of. */
import type { TicketCommand } from '../../../src/domain/ticket/decider.ts';
import type { Attachment } from '../../../src/domain/ticket/events.ts';
import type { Status } from '../../../src/domain/ticket/fields.ts';
import type { UserFacts } from '../../../src/domain/user/identity.ts';
import { driver } from './people.ts';

type CommandOf<T extends TicketCommand['type']> = Extract<TicketCommand, { type: T }>;

export const receipt: Attachment = { id: 'file-1', name: 'receipt.pdf', size: 1234, mimeType: 'application/pdf' };

export function open(fields: Partial<CommandOf<'OpenTicket'>> = {}): TicketCommand {
  return {
    type: 'OpenTicket',
    number: 7,
    requester: { id: driver.id, name: driver.name },
    description: 'The battery does not charge',
    category: 'general',
    priority: 'medium',
    tags: [],
    ...fields,
  };
}

export function post(message = 'Hello', fields: Partial<CommandOf<'PostMessage'>> = {}): TicketCommand {
  return {
    type: 'PostMessage',
    messageId: `message-${message}`,
    message,
    messageType: 'TEXT',
    attachments: [],
    internal: false,
    ...fields,
  };
}

export function note(message = 'Between us'): TicketCommand {
  return post(message, { internal: true });
}

export function change(fields: Omit<CommandOf<'ChangeTicket'>, 'type'>): TicketCommand {
  return { type: 'ChangeTicket', ...fields };
}

export function become(status: Status): TicketCommand {
  return change({ status });
}

export function assign(assignee: UserFacts | null): TicketCommand {
  return change({ assignee });
}

export function add(user: UserFacts): TicketCommand {
  return { type: 'AddParticipant', user };
}

export function remove(user: UserFacts): TicketCommand {
  return { type: 'RemoveParticipant', userId: user.id };
}

export function readUpTo(upTo: number): TicketCommand {
  return { type: 'MarkTicketRead', upTo };
}

export const destroy: TicketCommand = { type: 'DeleteTicket' };
