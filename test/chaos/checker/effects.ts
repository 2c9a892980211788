/**
 * Commands without a text took effect: read cursors are at least where the last acknowledged command put them, and a
 * ticket has the assignee that it was last given. A read names a version as its user sees it. The load sends these
 * commands one after the other for each ticket.
 */
import type { RecordedEvent } from '../../../src/domain/event.ts';
import type { TicketEvent } from '../../../src/domain/ticket/events.ts';
import { evolveTicket, initialTicket } from '../../../src/domain/ticket/evolve.ts';
import type { TicketState } from '../../../src/domain/ticket/state.ts';
import type { Command, Rule } from '../history.ts';
import { answeredAt, isExcused } from './commands.ts';
import { numberingOf, staffOf } from './numbering.ts';

export const commandsTookEffect: Rule = {
  name: 'acknowledged reads and assignments took effect',
  check(history) {
    const tickets = foldTickets(history.log);
    const numbering = numberingOf(history.log);
    const isStaff = staffOf(history.log);
    const last = new Map<string, Command>();
    for (const command of history.commands) {
      if (command.kind !== 'assign' && command.kind !== 'read') continue;
      const acknowledged = answeredAt(command, 'acknowledged');
      if (acknowledged !== undefined && !isExcused(history, acknowledged)) {
        last.set(`${command.kind} ${command.stream} ${command.kind === 'read' ? command.by : ''}`, command);
      }
    }
    return [...last.values()].flatMap(({ kind, stream, by, value, key }) => {
      const ticket = tickets.get(stream ?? '');
      if (kind === 'assign') {
        const assignee = ticket?.assignee?.id;
        return assignee === value ? [] : [`${stream} is assigned to ${assignee}, and ${key} gave it to ${value}`];
      }
      const cursor = ticket && Object.hasOwn(ticket.reads, by) ? (ticket.reads[by] ?? 0) : 0;
      const read = numbering.shown(stream ?? '', cursor, { staff: isStaff(by) });
      return read >= Number(value) ? [] : [`${by} has read ${stream} up to ${read}, and ${key} said ${value}`];
    });
  },
};

export function foldTickets(log: readonly RecordedEvent[]): ReadonlyMap<string, TicketState> {
  const tickets = new Map<string, TicketState>();
  for (const event of log) {
    if (!event.stream.startsWith('ticket.')) continue;
    const before = tickets.get(event.stream) ?? initialTicket();
    tickets.set(event.stream, evolveTicket(before, event as RecordedEvent<TicketEvent>));
  }
  return tickets;
}
