/**
 * A conversation as the rows that are shown: days, messages, and what is on its way. Pure. A message keeps its key from the
 * moment it is written, so that arriving moves nothing on the page.
 */
import type { Message, OutgoingMessage, Participant } from '../../../../src/client/index.ts';

export interface DayRow {
  readonly kind: 'day';
  readonly key: string;
  readonly at: string;
}

export interface MessageRow {
  readonly kind: 'message';
  readonly key: string;
  readonly message: Message;
  /** Whether it says who wrote it, or goes on under the one above. */
  readonly isFirst: boolean;
  /** Names of others who have read up to here and no further. */
  readonly readBy: readonly string[];
}

/** What the server says about the ticket itself. */
export interface SystemRow {
  readonly kind: 'system';
  readonly key: string;
  readonly message: Message;
}

export interface OutgoingRow {
  readonly kind: 'outgoing';
  readonly key: string;
  readonly message: OutgoingMessage;
  readonly isFirst: boolean;
}

export type Row = DayRow | MessageRow | SystemRow | OutgoingRow;

interface Conversation {
  readonly messages: readonly Message[];
  readonly outgoing: readonly OutgoingMessage[];
  readonly people: readonly Participant[];
}

/** Milliseconds after which somebody who goes on writing is named again. */
const PAUSE = 5 * 60_000;
const NOBODY: readonly string[] = [];

/** `dayOf`: which day a time is of, where the reader is. */
export function rowsOf(
  { messages, outgoing, people }: Conversation,
  meId: string,
  dayOf: (at: string) => string,
): Row[] {
  const readers = readersOf(messages, people, meId);
  const rows: Row[] = [];
  let day: string | undefined;
  let above: Said | undefined;
  for (const message of messages) {
    const today = dayOf(message.createdAt);
    if (today !== day) {
      rows.push({ kind: 'day', key: `day ${today}`, at: message.createdAt });
      day = today;
      above = undefined;
    }
    const key = message.clientMessageId ?? message.id;
    if (message.messageType === 'SYSTEM') {
      rows.push({ kind: 'system', key, message });
      above = undefined;
      continue;
    }
    const { senderId, internal, createdAt } = message;
    const said = { senderId, internal, createdAt };
    rows.push({
      kind: 'message',
      key,
      message,
      isFirst: !goesOn(above, said),
      readBy: readers.get(message.id) ?? NOBODY,
    });
    above = said;
  }
  for (const message of outgoing) {
    const said = { senderId: meId, internal: message.internal ?? false, createdAt: message.createdAt };
    rows.push({ kind: 'outgoing', key: message.id, message, isFirst: !goesOn(above, said) });
    above = said;
  }
  return rows;
}

interface Said {
  readonly senderId: string;
  readonly internal: boolean;
  readonly createdAt: string;
}

function goesOn(above: Said | undefined, said: Said): boolean {
  return (
    above !== undefined &&
    above.senderId === said.senderId &&
    above.internal === said.internal &&
    Date.parse(said.createdAt) - Date.parse(above.createdAt) < PAUSE
  );
}

/** By message id. That people have read what they wrote goes without saying. */
function readersOf(
  messages: readonly Message[],
  people: readonly Participant[],
  meId: string,
): ReadonlyMap<string, readonly string[]> {
  const readers = new Map<string, string[]>();
  const looking = people
    .filter(({ userId, lastReadVersion }) => userId !== meId && lastReadVersion > 0)
    .sort((a, b) => b.lastReadVersion - a.lastReadVersion);
  for (let index = messages.length - 1; index >= 0 && looking.length > 0; index -= 1) {
    const message = messages[index];
    if (message === undefined || message.messageType === 'SYSTEM') continue;
    while (looking[0] !== undefined && looking[0].lastReadVersion >= message.version) {
      const reader = looking.shift();
      if (reader === undefined || reader.userId === message.senderId) continue;
      readers.set(message.id, [...(readers.get(message.id) ?? []), reader.name]);
    }
  }
  return readers;
}
