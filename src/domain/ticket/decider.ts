/** What a ticket does when asked. */
import type { TicketRelations } from '../access.ts';
import type { DecisionContext } from '../event.ts';

export type { TicketCommand } from './commands.ts';
export type { TicketState } from './state.ts';

/** Relations are those of the ticket's references at the moment of the decision. */
export interface TicketContext extends DecisionContext {
  readonly relations: TicketRelations;
}
