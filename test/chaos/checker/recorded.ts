/**
 * Which commands the log has, and how often. A command is recognised by the key in its text, so that a repetition is
 * found even when the system took it for another command. A command without a text is recognised by its command id.
 */
import type { RecordedEvent } from '../../../src/domain/event.ts';
import type { CommandKind } from '../history.ts';

/** The event that each kind of command records exactly once; it may record other events too. */
const MAIN: Readonly<Record<CommandKind, RecordedEvent['type']>> = {
  open: 'TicketOpened',
  post: 'MessagePosted',
  note: 'MessagePosted',
  read: 'TicketRead',
  assign: 'TicketChanged',
  say: 'RoomMessagePosted',
  configure: 'RoomConfigured',
  clear: 'AllNotificationsRead',
  see: 'InboxSeen',
};

const MAIN_TYPES = new Set(Object.values(MAIN));

/** The text of a message, which names its command's key. */
export function textOf(key: string): string {
  return `#${key}`;
}

/** The main events in the log, by their command's key. */
export function recordedCommands(log: readonly RecordedEvent[]): ReadonlyMap<string, readonly RecordedEvent[]> {
  const main = log.filter(({ type }) => MAIN_TYPES.has(type));
  return Map.groupBy(main, keyOf);
}

function keyOf(event: RecordedEvent): string {
  const text = textIn(event);
  if (text?.startsWith('#')) return text.slice(1);
  const { commandId } = event.metadata;
  return commandId.slice(commandId.lastIndexOf(':') + 1);
}

function textIn(event: RecordedEvent): string | undefined {
  switch (event.type) {
    case 'TicketOpened':
      return event.data.description;
    case 'MessagePosted':
      return event.data.message;
    case 'RoomMessagePosted':
      return typeof event.data.message === 'string' ? event.data.message : undefined;
    default:
      return undefined;
  }
}
